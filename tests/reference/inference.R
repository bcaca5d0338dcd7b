# What follows from a fit: Satterthwaite tests (lmerTest), R2 and ICC (performance), random-slope likelihood ratio,
# profile intervals of SDs and correlation (lme4), expected ranks (merTools).
# Run from the repository root: Rscript tests/reference/inference.R   -> tests/reference/inference.json
source("tests/reference/cases.R")
suppressMessages({library(lmerTest); library(performance); library(merTools)})
number <- function(x) if (is.null(x)) NA_real_ else as.numeric(x)

satterthwaite <- function(fit) {
  table <- suppressWarnings(summary(lmerTest::as_lmerModLmerTest(fit), ddf = "Satterthwaite"))$coefficients
  list(estimate = I(unname(table[, 1])), se = I(unname(table[, 2])), df = I(unname(table[, 3])), t = I(unname(table[, 4])), p = I(unname(table[, 5])))
}

# Johnson (2014) by the formula, sample variance of the linear predictor (n - 1) as performance uses.
r2_formula <- function(fit) {
  x <- getME(fit, "X"); z <- model.matrix(fit, type = "randomListRaw"); z <- do.call(cbind, z)
  psi <- as.matrix(Matrix::bdiag(lapply(VarCorr(fit), function(v) matrix(v, nrow(v)))))
  fixed <- var(as.vector(x %*% fixef(fit))); random <- mean(rowSums((z %*% psi) * z)); residual <- sigma(fit)^2
  total <- fixed + random + residual
  list(fixed = fixed, random = random, residual = residual, marginal = fixed / total, conditional = (fixed + random) / total,
    icc = random / (random + residual))
}

# Restricted likelihood ratio of the last random term against a model without it, and the boundary mixture p.
slope_test <- function(fit, case, frame) {
  if (length(case$random) == 0) return(NULL)
  smaller <- case; smaller$random <- head(case$random, -1)
  null <- fit_tight(case_formula(smaller), frame, TRUE)
  statistic <- max(0, 2 * (as.numeric(logLik(fit)) - as.numeric(logLik(null))))
  q <- if (isFALSE(case$correlated)) 1 else length(case$random) + 1
  upper <- function(df) if (df == 0) as.numeric(statistic <= 0) else pchisq(statistic, df, lower.tail = FALSE)
  list(loglik_null = as.numeric(logLik(null)), statistic = statistic, df = I(c(q - 1, q)), p = 0.5 * upper(q - 1) + 0.5 * upper(q))
}

# merTools' expected rank of the last random term, with merTools' own function as the witness.
ranks <- function(fit) {
  modes <- ranef(fit, condVar = TRUE)[[1]]
  table <- merTools::expectedRank(fit, groupFctr = names(ranef(fit))[1], term = tail(colnames(modes), 1))
  table <- table[match(rownames(modes), table[[2]]), ]
  list(rank = I(table$ER))  # pctER is rounded by merTools
}

profile_intervals <- function(fit) {
  interval <- suppressWarnings(suppressMessages(confint(fit, parm = "theta_", method = "profile", oldNames = FALSE, quiet = TRUE)))
  list(names = I(rownames(interval)), lower = I(unname(interval[, 1])), upper = I(unname(interval[, 2])))
}

with_profile <- c("sleepstudy", "orthodont", "pastes", "cheese", "sim_intercept", "sim_corrected")
values <- mapply(function(name, case) {
  data <- read_case(case)
  fit <- fit_tight(case_formula(case), data, TRUE)
  singular <- any(getME(fit, "theta")[getME(fit, "lower") == 0] < 1e-4)
  witness <- tryCatch(suppressWarnings(suppressMessages(performance::r2_nakagawa(fit, tolerance = 1e-12))), error = function(e) NULL)
  if (isFALSE(case$correlated)) witness <- NULL  # performance 0.10.2 reads only one of the two terms that || makes
  share <- tryCatch(suppressWarnings(suppressMessages(performance::icc(fit, tolerance = 1e-12))), error = function(e) NULL)
  list(singular = singular, theta = I(as.numeric(getME(fit, "theta"))),
    satterthwaite = if (length(case$fixed) == 0 || singular) NULL else satterthwaite(fit),
    r2 = r2_formula(fit),
    performance = if (is.list(witness)) list(marginal = number(witness$R2_marginal), conditional = number(witness$R2_conditional)) else NULL,
    performance_icc = if (is.list(share) && !isFALSE(case$correlated)) number(share$ICC_adjusted) else NULL,
    slope_test = slope_test(fit, case, data),
    expected_rank = if (singular || isFALSE(case$correlated)) NULL else ranks(fit),
    profile = if (name %in% with_profile) profile_intervals(fit_tight(case_formula(case), data, FALSE)) else NULL)
}, names(cases), cases, SIMPLIFY = FALSE)
write_values(list(versions = versions("lme4", "lmerTest", "performance", "merTools"), cases = values), "inference.json")
