"""When: moments that rules name, on clocks that jump."""
