# Fits every design in a folder with lme4 and writes theta; called by optimum_sweep.py.
# Usage: Rscript tests/benchmarks/lme4_fits.R <folder>     <folder>/*.csv: group, y, x1.., z1.. (intercepts implied)
suppressMessages({library(lme4); library(jsonlite)})
folder <- commandArgs(trailingOnly = TRUE)[1]
quiet <- list(check.conv.grad = "ignore", check.conv.singular = "ignore", check.conv.hess = "ignore", check.scaleX = "ignore",
  check.rankX = "ignore", check.nobs.vs.nRE = "ignore", calc.derivs = FALSE)
controls <- list(
  default = do.call(lmerControl, quiet),
  tight = do.call(lmerControl, c(list(optimizer = "nloptwrap",
    optCtrl = list(ftol_abs = 1e-15, xtol_abs = 1e-14, ftol_rel = 1e-16, xtol_rel = 1e-14, maxeval = 1e5)), quiet)),
  bobyqa = do.call(lmerControl, c(list(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5)), quiet)))
number <- function(x) sprintf("%.17g", as.numeric(x))
for (path in list.files(folder, pattern = "csv$", full.names = TRUE)) {
  frame <- read.csv(path)
  frame$group <- factor(frame$group)
  x <- grep("^x", names(frame), value = TRUE); z <- grep("^z", names(frame), value = TRUE)
  bar <- if (grepl("-uncorrelated", path)) "||" else "|"
  formula <- as.formula(sprintf("y ~ %s + (%s %s group)", paste(c("1", x), collapse = " + "), paste(c("1", z), collapse = " + "), bar))
  fits <- lapply(controls, function(control) {
    before <- proc.time()[["user.self"]]
    fit <- tryCatch(suppressWarnings(suppressMessages(lmer(formula, frame, control = control))), error = function(e) NULL)
    if (is.null(fit)) return(NULL)
    list(theta = I(number(getME(fit, "theta"))), loglik = number(logLik(fit)), seconds = proc.time()[["user.self"]] - before)
  })
  write(toJSON(fits, auto_unbox = TRUE, null = "null"), sub("csv$", "json", path))
}
