//! Container images: which digest a tag stands for, asked of the registry.
