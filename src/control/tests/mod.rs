mod claims;
mod hostile;
mod lease;
