"""Where the boundary's prior comes from: `fit` makes it from public intent corpora, `report` measures it on others."""
