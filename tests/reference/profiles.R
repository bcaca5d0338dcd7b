# Profile-likelihood intervals of SDs, correlations and sigma (lme4 refits by ML): three random effects, independent
# effects, boundary estimates, few groups.
# Run from the repository root: Rscript tests/reference/profiles.R   -> tests/reference/profiles.json
source("tests/reference/cases.R")

# Not sim_missing, sim_singular: on these boundary estimates lme4's profile breaks off with missing values.
chosen <- c("machines", "bodyweight", "chickweight", "dyestuff2", "oxide", "sim_uncorrelated", "sim_slope_0")
values <- list()
for (name in chosen) {
  fit <- fit_tight(case_formula(cases[[name]]), read_case(cases[[name]]), FALSE)
  interval <- tryCatch(suppressWarnings(suppressMessages(
    confint(fit, parm = "theta_", method = "profile", oldNames = FALSE, quiet = TRUE))), error = function(e) NULL)
  if (!is.null(interval)) values[[name]] <- list(names = I(rownames(interval)),
    lower = I(unname(interval[, 1])), upper = I(unname(interval[, 2])))
  write_values(list(versions = versions("lme4"), cases = values), "profiles.json")
}
