"""PURE: what a flow is, how it is loaded and checked, and the engine that steps it."""
