"""The Visual Spec: what it asks for, what it accepts, and its pages."""
