"""What is made of paper: views, the sheets and mails that show them, their wording, notation and templates."""
