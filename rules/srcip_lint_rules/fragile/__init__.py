"""Rules about fragility: what works today and breaks at the next rollout, drain or reschedule."""
