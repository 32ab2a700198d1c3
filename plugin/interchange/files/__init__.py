"""Files and folders of any origin: walked, checked, written whole."""
