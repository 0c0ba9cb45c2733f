from till.totals import Till, discounted, listed, quick_sum, share
