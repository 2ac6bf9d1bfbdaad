"""Level 2: values to text. Pure: what is shown never decides anything."""
