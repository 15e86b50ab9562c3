"""Starts LocalStack with the test bed loaded: `python -m cebed`."""

from cebed.plugin import install

if __name__ == "__main__":
    install()

    from localstack.runtime.main import main

    main()
