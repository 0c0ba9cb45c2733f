"""The recipe of the embedded model: corpus, training, export, benchmark; needs torch to train."""
