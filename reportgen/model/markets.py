"""All markets of a run: one pre-declared estimand, pooled; each market's place; who is left out and why.

Model: y_i ~ N(theta_i, v_i), theta_i ~ N(mu, tau²), i = 1 .. k markets, v_i known. With weights w_i = 1/(v_i + tau²),
S_r = sum w_i^r, mu = sum w y / S_1, r_i = y_i - mu and P = W - w w'/S_1:

    REML log-likelihood   -(sum log(v + tau²) + log S_1 + sum w r²)/2
    score                 -tr P/2 + y'PPy/2,  tr P = S_1 - S_2/S_1,  y'PPy = sum w² r²
    Fisher information    tr PP/2,            tr PP = S_2 - 2 S_3/S_1 + (S_2/S_1)²
    observed information  y'PPPy - tr PP/2,   y'PPPy = sum w³ r² - (sum w² r)²/S_1

(Viechtbauer 2005, J. Educ. Behav. Stat. 30). The restricted likelihood of tau² can have two maxima, so the answer is
the best of a search of the whole profile, polished by Newton steps; its certificate is that search. The mean's SE is
Hartung and Knapp's (2001), with t and k - 1 df; the prediction interval is Higgins, Thompson and Spiegelhalter's
(2009) with t and k - 2 df; I² and H² are Higgins and Thompson's (2002) at the REML tau².

Left to others: each market's estimate. Out of scope: market covariates. Rejected: pooling t or p values, and choosing
the estimand after seeing the results. One market alone is not pooled; two are, with the wide interval that one degree
of freedom deserves and no prediction interval.
"""

from __future__ import annotations
