"""`python -m srcip_lint` is `srcip-lint`."""

from __future__ import annotations

from srcip_lint.cli import main

raise SystemExit(main())
