"""What is in an account, read with boto3: as AWS describes it, and in a form in which two accounts can be compared.

It shares no code with the emulator and none with the program under test, and works against AWS as well.
"""
