#!/bin/sh
# Publishes out/site to a bucket that serves a website: s3-sync.sh s3://BUCKET[/PREFIX] [CLOUDFRONT-DISTRIBUTION]
# What pages link to goes up before the pages, and what is gone is removed last, so no reader meets a dead link. Needs
# the program aws with credentials. Other stores with its interface: set AWS_ENDPOINT_URL. Any other static host takes
# the folder as it is: rsync -rlt --delete out/site/ HOST:/var/www/reports/
# (Mind who can read the bucket: the reports say what they say.)
set -eu
project=@PROJECT@
site=${SITE:-"$project/out/site"}
target=${1:?"say where: s3-sync.sh s3://bucket/prefix"}
distribution=${2:-}

case $target in
  s3://?*) ;;
  *)
    echo "s3-sync.sh: $target is no s3:// address." >&2
    exit 2
    ;;
esac
if [ ! -f "$site/_OK.json" ] || [ ! -f "$site/index.html" ]; then
  echo "s3-sync.sh: there is no site in $site; run reportgen build first." >&2
  exit 4
fi

target=${target%/}
# Tables and documents, then reports, then the pages that lead to them; nothing is kept by browsers without asking again.
aws s3 sync "$site" "$target" --only-show-errors --cache-control no-cache --exclude "*.html" --exclude "_OK.json"
aws s3 sync "$site/markets" "$target/markets" --only-show-errors --cache-control no-cache \
  --exclude "*" --include "*.html" --content-type "text/html; charset=utf-8"
aws s3 sync "$site" "$target" --only-show-errors --cache-control no-cache \
  --exclude "*" --include "*.html" --exclude "markets/*" --content-type "text/html; charset=utf-8"
aws s3 sync "$site" "$target" --only-show-errors --cache-control no-cache --delete --exclude "_OK.json"
if [ -n "$distribution" ]; then
  aws cloudfront create-invalidation --distribution-id "$distribution" --paths "/*" > /dev/null
fi
