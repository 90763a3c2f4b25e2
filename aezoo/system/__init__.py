"""What the package asks of the operating system: whole files, and silence."""
