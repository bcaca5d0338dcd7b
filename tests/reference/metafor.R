# Random-effects meta-analysis: REML and Paule-Mandel, Hartung-Knapp, prediction interval with t(k - 2).
# Run from the repository root: Rscript tests/reference/metafor.R   -> tests/reference/metafor.json
suppressMessages({library(metafor); library(jsonlite)})
source("tests/reference/cases.R")

effect_sets <- list(
  three = list(effect = c(0.82, 1.35, 0.41), se = c(0.21, 0.33, 0.25)),
  eight = list(effect = c(1.24, 0.35, 0.91, 2.08, 1.52, 0.12, 1.07, 0.66), se = c(0.31, 0.22, 0.45, 0.52, 0.38, 0.19, 0.27, 0.61)),
  homogeneous = list(effect = c(0.51, 0.48, 0.53, 0.50, 0.47), se = c(0.20, 0.25, 0.22, 0.30, 0.18)))
set.seed(40)
spread <- round(runif(40, 0.1, 0.9), 3)
effect_sets$forty <- list(effect = round(rnorm(40, 1, sqrt(0.3^2 + spread^2)), 4), se = spread)

meta <- function(set, method) {
  fit <- rma(yi = set$effect, sei = set$se, method = method, test = "knha", control = list(stepadj = 0.5, maxiter = 10000, threshold = 1e-14, tol = 1e-14, tau2.max = 100))
  prediction <- predict(fit)
  k <- length(set$effect)
  reach <- if (k > 2) qt(0.975, k - 2) * sqrt(fit$tau2 + fit$se^2) else NA
  shrunken <- blup(fit)
  list(tau2 = fit$tau2, estimate = as.numeric(fit$beta), se = fit$se, lower = fit$ci.lb, upper = fit$ci.ub, statistic = fit$zval,
    p = fit$pval, q = fit$QE, q_p = fit$QEp, i2 = fit$I2 / 100, weights = I(as.numeric(weights(fit)) / 100),
    prediction_lower = as.numeric(fit$beta) - reach, prediction_upper = as.numeric(fit$beta) + reach,
    metafor_prediction_lower = prediction$pi.lb, metafor_prediction_upper = prediction$pi.ub,
    blup = I(shrunken$pred), blup_se = I(shrunken$se))
}
p <- c(0.0001, 0.004, 0.019, 0.03, 0.041, 0.2, 0.6, 0.95)
values <- lapply(effect_sets, function(set) list(effect = I(set$effect), se = I(set$se), reml = meta(set, "REML"), pm = meta(set, "PM")))
write_values(list(versions = versions("metafor"), sets = values,
  benjamini_hochberg = list(p = I(p), adjusted = I(p.adjust(p, "BH")))), "metafor.json")
