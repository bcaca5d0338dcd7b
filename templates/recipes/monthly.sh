#!/bin/sh
# Builds what is new or changed and, with MAIL=yes, mails the new briefs. Called by cron or a systemd timer; safe to
# call at any time: reportgen locks its output folder itself, and a run with nothing to do changes nothing.
# Ends with reportgen's exit code: 0 all fine, 1 some markets failed, 3 settings, 4 input, 7 this machine lacks something.
set -u
project=@PROJECT@
program=@PROGRAM@

"$program" build -C "$project" --quiet
code=$?
case $code in
  0 | 1) ;;
  6)
    echo "Another run is going on; nothing was done."
    exit 0
    ;;
  *) exit "$code" ;;
esac
if [ "${MAIL:-no}" = yes ]; then
  "$program" mail -C "$project" --quiet || exit $?
fi
exit "$code"
