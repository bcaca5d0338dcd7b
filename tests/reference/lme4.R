# lme4's own numbers for every case of cases.json, REML and ML.
# Run from the repository root: Rscript tests/reference/lme4.R   -> tests/reference/lme4.json
source("tests/reference/cases.R")

# Profiled deviance at theta points away from the optimum. The fixed points are in units of the random columns' root
# mean squares, so that every case is asked about variance ratios between 0 and 1.
deviance_points <- function(fit) {
  devfun <- suppressWarnings(update(fit, devFunOnly = TRUE))
  theta <- getME(fit, "theta")
  diagonal <- getME(fit, "lower") == 0
  z <- do.call(cbind, model.matrix(fit, type = "randomListRaw"))
  q <- ncol(z)
  row <- if (length(theta) == q) seq_len(q) else unlist(lapply(seq_len(q), function(j) j:q))
  unit <- sqrt(colMeans(z^2))[row]
  points <- list(theta, diagonal / unit, 0.5 * theta + 0.1 / unit, rep(0, length(theta)),
    ifelse(diagonal, 0.3, -0.2) / unit, ifelse(seq_along(theta) == length(theta), 0, theta))
  lapply(points, function(point) list(theta = I(as.numeric(point)), deviance = devfun(point)))
}

describe <- function(fit) {
  cov_re <- as.matrix(Matrix::bdiag(lapply(VarCorr(fit), function(v) matrix(v, nrow(v)))))
  modes <- ranef(fit, condVar = TRUE)[[1]]
  variance <- attr(modes, "postVar")
  if (is.list(variance)) variance <- diag_array(variance)
  list(
    theta = I(as.numeric(getME(fit, "theta"))), deviance = -2 * as.numeric(logLik(fit)), loglik = as.numeric(logLik(fit)),
    beta = I(as.numeric(fixef(fit))), vcov = matrix(as.numeric(vcov(fit)), nrow = length(fixef(fit))), sigma = sigma(fit),
    cov_re = cov_re, aic = AIC(fit), bic = BIC(fit), df = attr(logLik(fit), "df"), points = deviance_points(fit),
    groups = I(rownames(modes)), modes = unname(as.matrix(modes)), conditional_variance = aperm(variance, c(3, 1, 2)),
    fitted_head = I(as.numeric(head(fitted(fit), 5))))
}

# Uncorrelated terms come as one array per term: put them on a diagonal.
diag_array <- function(parts) {
  q <- length(parts)
  out <- array(0, c(q, q, dim(parts[[1]])[3]))
  for (k in seq_len(q)) out[k, k, ] <- parts[[k]][1, 1, ]
  out
}

values <- lapply(cases, function(case) {
  frame <- read_case(case)
  list(reml = describe(fit_tight(case_formula(case), frame, TRUE)), ml = describe(fit_tight(case_formula(case), frame, FALSE)))
})
write_values(list(versions = versions("lme4", "Matrix", "minqa", "nloptr"), cases = values), "lme4.json")
