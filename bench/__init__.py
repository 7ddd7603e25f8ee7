"""Side-by-side measurements. Each script prints ratios; absolute figures are of the machine that printed them."""
