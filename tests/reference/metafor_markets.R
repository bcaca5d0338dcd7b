# Random-effects meta-analysis beside metafor.R: few markets, no heterogeneity, wild scales, intervals of tau2, H2.
# Run from the repository root: Rscript tests/reference/metafor_markets.R   -> tests/reference/metafor_markets.json
suppressMessages({library(metafor); library(jsonlite)})
source("tests/reference/cases.R")

set.seed(7)
v200 <- round(rgamma(200, 2, 4), 4) + 0.01
market_sets <- list(
  two = list(effect = c(1.1, 2.9), se = c(0.4, 0.5)),
  two_alike = list(effect = c(1.1, 1.2), se = c(0.4, 0.5)),
  three_one_sure = list(effect = c(0.2, 1.4, 0.9), se = c(0.01, 0.6, 0.8)),
  large_scale = list(effect = c(1240, 350, 910, 2080, 1520, 120, 1070, 660), se = c(310, 220, 450, 520, 380, 190, 270, 610)),
  negative = list(effect = c(-0.3, -1.2, -0.8, 0.1, -2.2, -0.6), se = c(0.3, 0.25, 0.5, 0.2, 0.7, 0.1)),
  twohundred = list(effect = round(rnorm(200, 0.5, sqrt(v200 + 0.4)), 4), se = sqrt(v200)))

pooled <- function(set, method) {
  control <- list(stepadj = 0.5, maxiter = 100000, threshold = 1e-14, tol = 1e-14, tau2.max = 1e9)
  fit <- rma(yi = set$effect, sei = set$se, method = method, test = "knha", control = control)
  k <- length(set$effect)
  reach <- if (k > 2) qt(0.975, k - 2) * sqrt(fit$tau2 + fit$se^2) else NA
  shrunken <- blup(fit)
  spread <- confint(fit, control = list(tol = 1e-12, tau2.max = 1e9))$random
  list(tau2 = fit$tau2, estimate = as.numeric(fit$beta), se = fit$se,
    se_classical = rma(yi = set$effect, sei = set$se, tau2 = fit$tau2)$se, lower = fit$ci.lb, upper = fit$ci.ub,
    statistic = fit$zval, p = fit$pval, q = fit$QE, q_p = fit$QEp, i2 = fit$I2, h2 = fit$H2,
    tau2_lower = spread["tau^2", "ci.lb"], tau2_upper = spread["tau^2", "ci.ub"], weights = I(as.numeric(weights(fit))),
    prediction_lower = as.numeric(fit$beta) - reach, prediction_upper = as.numeric(fit$beta) + reach,
    blup = I(shrunken$pred), blup_se = I(shrunken$se), blup_lower = I(shrunken$pi.lb), blup_upper = I(shrunken$pi.ub))
}
values <- lapply(market_sets, function(set)
  list(effect = I(set$effect), se = I(set$se), reml = pooled(set, "REML"), pm = pooled(set, "PM")))
write_values(list(versions = versions("metafor"), sets = values), "metafor_markets.json")
