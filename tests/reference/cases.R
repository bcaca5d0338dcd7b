# Shared by the reference scripts: reads a case of cases.json, fits it as tightly as R can, writes JSON.
suppressMessages({library(lme4); library(jsonlite)})
folder <- "tests/reference"
cases <- fromJSON(file.path(folder, "cases.json"), simplifyVector = TRUE)

read_case <- function(case) {
  frame <- read.csv(file.path(folder, "data", paste0(case$data, ".csv")))
  frame[[case$group]] <- factor(frame[[case$group]], levels = sort(unique(as.character(frame[[case$group]])), method = "radix"))
  for (column in names(case$scale)) frame[[column]] <- frame[[column]] * case$scale[[column]]
  frame
}

case_formula <- function(case) {
  bar <- if (isFALSE(case$correlated) && length(case$random) > 0) "||" else "|"
  periods <- if (is.null(case$period)) NULL else sprintf("factor(%s)", case$period)
  as.formula(sprintf("%s ~ %s + (%s %s %s)", case$response, paste(c("1", case$fixed, periods), collapse = " + "),
    paste(c("1", case$random), collapse = " + "), bar, case$group))
}

# Best of three optimisers at tight tolerances, restarted from the best. check.* are off: wild scales are the point.
fit_tight <- function(formula, frame, REML) {
  quiet <- list(check.conv.grad = "ignore", check.conv.singular = "ignore", check.conv.hess = "ignore",
    check.scaleX = "ignore", check.rankX = "ignore")
  run <- function(optimizer, opt, start = NULL) {
    control <- do.call(lmerControl, c(list(optimizer = optimizer, optCtrl = opt, calc.derivs = FALSE), quiet))
    suppressWarnings(suppressMessages(eval(bquote(lmer(.(formula), .(frame), REML = .(REML), control = .(control), start = .(start))))))
  }
  nlopt <- list(ftol_abs = 1e-15, xtol_abs = 1e-14, ftol_rel = 1e-16, xtol_rel = 1e-14, maxeval = 1e5)
  powell <- list(rhoend = 1e-10, maxfun = 1e5)
  fits <- list(run("nloptwrap", nlopt), run("bobyqa", powell), run("Nelder_Mead", list(FtolAbs = 1e-14, FtolRel = 1e-15, XtolRel = 1e-12, maxfun = 1e5)))
  best <- fits[[which.min(sapply(fits, function(f) -2 * as.numeric(logLik(f))))]]
  again <- run("bobyqa", c(powell, list(rhobeg = 1e-3)), getME(best, "theta"))
  if (logLik(again) > logLik(best)) again else best
}

# jsonlite stops at 15 significant digits; doubles need 17. Numbers go through as marked text.
write_values <- function(values, name) {
  mark <- function(x) { if (!is.numeric(x)) return(x); out <- x; out[] <- sprintf("@%.17g@", as.numeric(x)); out }
  text <- toJSON(rapply(values, mark, classes = c("numeric", "integer", "AsIs", "matrix", "array"), how = "replace"),
    auto_unbox = TRUE, na = "null", null = "null", pretty = 1)
  writeLines(gsub('"@(NA|NaN|-?Inf)@"', "null", text) |> gsub(pattern = '"@([^@"]*)@"', replacement = "\\1"), file.path(folder, name))
}

versions <- function(...) {
  packages <- c(...)
  c(list(R = as.character(getRversion())), setNames(lapply(packages, function(p) as.character(packageVersion(p))), packages))
}
