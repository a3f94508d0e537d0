"""Rules about drops: which way in reaches no pod."""
