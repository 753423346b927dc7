# Times the R package poweRlaw as plfit.c times plfit: Rscript poweRlaw.R name file [name file ...]
suppressMessages(library(poweRlaw))
median_milliseconds <- function(work, budget = 20, most = 5) {
  times <- c()
  while (length(times) == 0 || (length(times) < most && sum(times) + tail(times, 1) < budget)) {
    times <- c(times, system.time(work())[["elapsed"]])
  }
  1e3 * median(times)
}
set.seed(1)
arguments <- commandArgs(trailingOnly = TRUE)
for (i in seq(1, length(arguments), by = 2)) {
  table <- read.table(arguments[i + 1])
  values <- sample(rep(table[[1]], table[[2]]))
  scan_n_min <- function(x) suppressMessages(suppressWarnings(estimate_xmin(displ$new(x), xmax = max(x))))
  fit <- median_milliseconds(function() scan_n_min(values))
  cat(sprintf("poweRlaw\t%s: fit with n_min scan\t%.4f\n", arguments[i], fit))
  replicate <- median_milliseconds(function() scan_n_min(sample(values, replace = TRUE)))
  cat(sprintf("poweRlaw\t%s: bootstrap replicate\t%.4f\n", arguments[i], replicate))
}
