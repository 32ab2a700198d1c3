"""What an encoder looked at: attention rollout, Grad-CAM, and how a heatmap is drawn."""
