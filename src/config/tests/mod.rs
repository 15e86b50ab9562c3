mod bad_files;
mod example;
mod good_files;
mod never_panics;
mod region;
mod values;
