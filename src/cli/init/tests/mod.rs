mod fixture;
mod talk;
mod text;
