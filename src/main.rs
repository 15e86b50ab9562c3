fn main() -> std::process::ExitCode {
    ce_aws::cli::main()
}
