# Exports the real data sets that the reference values are computed on, as plain numeric design columns.
# Run: Rscript tests/reference/export_data.R     Sources and licences: tests/reference/README.md
suppressMessages({library(lme4); library(nlme); library(mlmRev)})
folder <- "tests/reference/data"
save_csv <- function(name, frame) write.csv(frame, file.path(folder, paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
flag <- function(condition) as.integer(condition)

save_csv("sleepstudy", with(lme4::sleepstudy, data.frame(subject = paste0("S", Subject), reaction = Reaction, days = Days)))

save_csv("orthodont", with(nlme::Orthodont, data.frame(subject = as.character(Subject), distance = distance,
  age = age, female = flag(Sex == "Female"), age_female = age * flag(Sex == "Female"))))

save_csv("pastes", with(lme4::Pastes, data.frame(sample = gsub(":", "", as.character(sample)), strength = strength)))

save_csv("dyestuff2", with(lme4::Dyestuff2, data.frame(batch = as.character(Batch), yield = Yield)))

save_csv("machines", with(nlme::Machines, data.frame(worker = paste0("W", as.character(Worker)), score = score,
  machine_b = flag(Machine == "B"), machine_c = flag(Machine == "C"))))

save_csv("bodyweight", with(nlme::BodyWeight, data.frame(rat = paste0("R", as.character(Rat)), weight = weight, time = Time,
  diet2 = flag(Diet == 2), diet3 = flag(Diet == 3), time_diet2 = Time * flag(Diet == 2), time_diet3 = Time * flag(Diet == 3))))

save_csv("oxide", with(nlme::Oxide, data.frame(lot = paste0("L", as.character(Lot)), thickness = Thickness,
  source2 = flag(Source == 2), site = as.integer(as.character(Site)))))

save_csv("chickweight", with(datasets::ChickWeight, data.frame(chick = paste0("C", as.character(Chick)), weight = weight, time = Time,
  time2 = Time^2, diet2 = flag(Diet == 2), diet3 = flag(Diet == 3), diet4 = flag(Diet == 4))))

ratings <- lme4::InstEval
ratings <- ratings[as.integer(as.character(ratings$d)) <= 200, ]
save_csv("insteval", with(ratings, data.frame(lecturer = paste0("D", as.character(d)), rating = y,
  service = as.integer(as.character(service)), age = as.integer(as.character(studage)))))

# Cheese: 24 retailers x 61 weeks without a missing week, so that lags by row are lags by week. The weekly table is not
# in this folder; give its path as the first argument to make the subset again.
source_table <- commandArgs(trailingOnly = TRUE)
if (length(source_table) == 1) {
  weekly <- read.csv(source_table, colClasses = c(market = "character", pharmacy = "character"))
  weekly$week <- as.integer(as.Date(weekly$month)) %/% 7L
  weekly <- weekly[order(weekly$pharmacy, weekly$week), ]
  complete <- names(which(tapply(weekly$week, weekly$pharmacy, function(w) length(w) == 61 && max(w) - min(w) == 60)))
  chosen <- complete[seq(1, length(complete), length.out = 24)]
  parts <- lapply(seq_along(chosen), function(i) {
    one <- weekly[weekly$pharmacy == chosen[i], ]
    log_sales <- round(log(one$sales), 8)
    rows <- 3:61
    data.frame(retailer = sprintf("R%02d", i), log_sales = log_sales[rows], promotion = round(one$promotion[rows], 8),
      lag1 = log_sales[rows - 1], lag2 = log_sales[rows - 2], price = round(one$price[rows], 6))
  })
  save_csv("cheese", do.call(rbind, parts))
}

# Repeated measures whose profiles of a correlation mislead a search that starts from beyond the bound.
save_csv("pixel", with(nlme::Pixel, data.frame(dog = paste0("D", as.character(Dog)), pixel = pixel, day = day, day2 = day^2)))
save_csv("loblolly", with(datasets::Loblolly, data.frame(seed = paste0("S", as.character(Seed)), height = height, age = age, age2 = age^2)))
save_csv("early", with(mlmRev::Early, data.frame(child = paste0("E", as.character(id)), cog = cog, age = age,
  treated = flag(trt == "Y"), treated_age = age * flag(trt == "Y"))))
