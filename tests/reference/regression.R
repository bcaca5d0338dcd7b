# Pooled and within-pharmacy (fixed-effect) regression with classical and cluster-robust standard errors.
# lm by hand for the values; sandwich and plm are the witnesses and must agree, or the script stops.
# Run from the repository root: Rscript tests/reference/regression.R   -> tests/reference/regression.json
source("tests/reference/cases.R")
suppressMessages({library(sandwich); library(plm)})

# Cluster sandwich, with the small-sample factor G/(G-1) * (n-1)/(n-k) ("HC1") or none ("HC0").
cluster_cov <- function(x, residual, group, k) {
  bread <- solve(crossprod(x))
  score <- rowsum(x * residual, group)
  g <- nrow(score); n <- nrow(x)
  raw <- bread %*% crossprod(score) %*% bread
  list(raw = unname(raw), factor = g / (g - 1) * (n - 1) / (n - k))
}

describe <- function(x, y, group, k, df) {
  fit <- lm.fit(x, y)
  beta <- fit$coefficients
  cov <- cluster_cov(x, fit$residuals, group, k)
  rss <- sum(fit$residuals^2)
  list(beta = I(unname(beta)), se_classical = I(unname(sqrt(rss / df * diag(solve(crossprod(x)))))), rss = rss, df = df,
    se_cluster_hc0 = I(sqrt(diag(cov$raw))), se_cluster_hc1 = I(sqrt(diag(cov$raw) * cov$factor)), vcov_cluster_hc0 = cov$raw)
}

one <- function(case) {
  frame <- read_case(case)
  group <- frame[[case$group]]
  varying <- case$fixed[sapply(case$fixed, function(v) any(tapply(frame[[v]], group, function(x) diff(range(x))) > 0))]
  y <- frame[[case$response]]
  x <- cbind(1, as.matrix(frame[case$fixed])); colnames(x)[1] <- "(Intercept)"
  pooled <- describe(x, y, group, ncol(x), nrow(x) - ncol(x))
  formula <- reformulate(case$fixed, case$response)
  ols <- lm(formula, frame)
  stopifnot(all.equal(unname(sqrt(diag(vcovCL(ols, group, type = "HC1", cadjust = TRUE)))), as.numeric(pooled$se_cluster_hc1), tolerance = 1e-9))
  center <- function(v) v - ave(v, group)
  xw <- sapply(varying, function(v) center(frame[[v]]))
  groups <- length(unique(group))
  within <- describe(xw, center(y), group, ncol(xw), nrow(xw) - ncol(xw) - groups)
  frame$row <- ave(seq_along(group), group, FUN = seq_along)
  witness <- plm(reformulate(varying, case$response), frame, index = c(case$group, "row"), model = "within")
  stopifnot(all.equal(unname(coef(witness)), as.numeric(within$beta), tolerance = 1e-9),
    all.equal(unname(sqrt(diag(as.matrix(vcov(witness))))), as.numeric(within$se_classical), tolerance = 1e-9),
    all.equal(unname(sqrt(diag(vcovHC(witness, method = "arellano", type = "HC0")))), as.numeric(within$se_cluster_hc0), tolerance = 1e-9))
  list(pooled = c(pooled, list(loglik = as.numeric(logLik(ols)))), within_terms = I(varying), within = within)
}
names_used <- c("sleepstudy", "cheese", "sim_slope_large", "sim_corrected", "sim_missing", "sim_channels", "sim_sales_x1000")
write_values(list(versions = versions("sandwich", "plm"), cases = lapply(cases[names_used], one)), "regression.json")
