"""Function families on small algorithms: scans, votes, dynamic programming, simulations and rules."""

from pipeline.nano.family import Family, params

FAMILIES: tuple[Family, ...] = (
    Family(
        key="alg_majority",
        names=("majority", "majority_element", "find_majority", "absolute_majority"),
        params=params(("votes|values|nums|ballots", "ints")),
        wordings=(
            "Return the value that makes up more than half of $a, or None if there is none.",
            "Find the majority element of a list; None without a majority.",
            "Which number occurs in more than half of the places? None if no number does.",
            "The absolute majority of $a: the value with over 50 percent of the entries, else None.",
            "Given $a, return the element that occurs more than len($a) / 2 times, or None.",
            "Look for a value with a strict majority in $a and return it; otherwise return None.",
        ),
        body="""for x in $a:
    if $a.count(x) * 2 > len($a):
        return x
return None""",
        idea="return the first value whose count is over half of the length",
        wrong=(
            """for x in $a:
    if $a.count(x) * 2 >= len($a):
        return x
return None""",
            "return max($a, key=$a.count) if $a else None",
        ),
    ),
    Family(
        key="alg_vote_winner",
        names=("vote_winner", "election_winner", "most_voted", "winner"),
        params=params(("votes|ballots|names|choices", "words")),
        wordings=(
            "Return the word with the most votes in $a; the first one wins a tie, '' if empty.",
            "Who wins the election? Ties go to the name that appears first; no votes give ''.",
            "The most frequent entry of $a, the earliest one on a tie, or '' for an empty list.",
            "Given a list of votes, find the winner ('' without votes, first seen on a tie).",
            "Count the votes in $a and return the candidate with the highest count, '' if none.",
            "Find the name that was voted for most often; '' when nobody voted.",
        ),
        body="""best = ""
for option in $a:
    if $a.count(option) > $a.count(best):
        best = option
return best""",
        idea="keep the option with the strictly highest count",
        wrong=("return $a[0] if $a else ''",),
    ),
    Family(
        key="alg_kadane",
        names=("max_subarray", "max_subarray_sum", "best_run_sum", "largest_sum_slice"),
        params=params(("nums|values|xs|numbers", "ints1")),
        wordings=(
            "Return the largest sum of a non-empty contiguous part of $a.",
            "The maximum subarray sum of a non-empty list.",
            "What is the best sum that consecutive elements of $a can have?",
            "Given numbers, find the maximum sum over all non-empty runs of neighbours.",
            "Find the greatest total of any slice of $a with at least one element.",
            "Kadane: the highest sum of adjacent elements, at least one of them.",
        ),
        body="""best = current = $a[0]
for x in $a[1:]:
    current = max(x, current + x)
    best = max(best, current)
return best""",
        idea="extend the current run or start anew, and keep the best sum",
        wrong=(
            "return sum(x for x in $a if x > 0)",
            """best = current = 0
for x in $a:
    current = max(0, current + x)
    best = max(best, current)
return best""",
        ),
    ),
    Family(
        key="alg_stock_profit",
        names=("max_profit", "best_profit", "stock_profit", "buy_and_sell"),
        params=params(("prices|quotes|values|daily", "pos_ints")),
        wordings=(
            "Return the best profit from buying once and selling later, 0 if none is possible.",
            "The maximum profit of one purchase and one later sale at the prices $a, at least 0.",
            "How much can be earned by buying on one day of $a and selling on a later day?",
            "Given daily prices, find the largest rise from an earlier to a later day (or 0).",
            "Buy low, sell high, once: compute the largest gain in $a, or 0.",
            "Find the greatest difference of a later and an earlier price in $a, never below 0.",
        ),
        body="""best = 0
for i, price in enumerate($a):
    for later in $a[i + 1 :]:
        best = max(best, later - price)
return best""",
        idea="try every earlier price with every later one",
        wrong=("return max($a) - min($a) if $a else 0",),
    ),
    Family(
        key="alg_stock_many",
        names=("total_profit", "max_profit_many", "sum_of_rises", "profit_with_many_trades"),
        params=params(("prices|quotes|values|daily", "pos_ints")),
        wordings=(
            "Return the best total profit at the prices $a when any number of trades is allowed.",
            "The sum of all rises from one day to the next.",
            "How much can be earned from $a by buying and selling as often as you like?",
            "Given daily prices, add up every increase between neighbouring days.",
            "Add up the positive differences of consecutive elements of $a.",
            "Maximum profit with unlimited trades, holding at most one share at a time.",
        ),
        body="return sum(max(0, y - x) for x, y in zip($a, $a[1:]))",
        idea="sum the positive differences of neighbours",
        wrong=("return sum(abs(y - x) for x, y in zip($a, $a[1:]))", "return sum($a)"),
    ),
    Family(
        key="alg_two_sum",
        names=("two_sum", "find_pair", "pair_with_sum", "indices_for_sum"),
        params=params(("nums|values|xs|numbers", "ints"), ("target|total|goal", "int")),
        wordings=(
            "Return the indices of the first two elements of $a that add up to $b, else None.",
            "Find i < j with $a[i] + $a[j] == $b and return (i, j), or None if there is no pair.",
            "The first index pair whose elements sum to the given number, or None.",
            "Given $a and $b, find two positions with that sum; None if impossible.",
            "Which two places of $a hold numbers that sum to $b? Return a tuple or None.",
            "Look for two numbers with the sum $b and return their indices as a tuple.",
        ),
        body="""for i, x in enumerate($a):
    for j in range(i + 1, len($a)):
        if x + $a[j] == $b:
            return (i, j)
return None""",
        idea="test every pair of indices i < j",
    ),
    Family(
        key="alg_has_pair_sum",
        names=("has_pair_sum", "pair_sums_to_$k", "has_two_with_sum_$k", "two_make_$k"),
        params=params(("nums|values|xs|numbers", "ints")),
        wordings=(
            "Check whether two different elements of $a add up to $k.",
            "Do any two positions of $a hold numbers with the sum $k?",
            "True if some pair of elements sums to $k.",
            "Given $a, tell whether two of its numbers make $k together.",
            "Return True when $a contains two entries whose sum is $k, otherwise False.",
            "Test if $k is the sum of two entries (at different places) of a list.",
        ),
        body="""seen = []
for x in $a:
    if $k - x in seen:
        return True
    seen.append(x)
return False""",
        idea="look for the complement among the earlier elements",
        consts={"k": (0, 5, 7, 8, 10, 12, 15, 20)},
        wrong=("return any($k - x in $a for x in $a)", "return $k in $a"),
    ),
    Family(
        key="alg_climb_stairs",
        names=("climb_stairs", "count_ways", "stair_ways", "ways_to_climb"),
        params=params(("n|steps|stairs|height", "nat")),
        wordings=(
            "Return in how many ways $a stairs can be climbed with steps of 1 or 2.",
            "The number of ways to climb a staircase when you take one or two stairs at a time.",
            "How many ordered sums of ones and twos give $a?",
            "Given $a stairs, count the ways to reach the top in hops of 1 or 2.",
            "Count the sequences of 1s and 2s that add up to $a (one way for 0).",
            "In how many different ways can you go up $a steps, one or two at once?",
        ),
        body="""x, y = 1, 1
for _ in range($a):
    x, y = y, x + y
return x""",
        idea="add the ways of the two previous heights",
        wrong=(
            """x, y = 1, 1
for _ in range($a):
    x, y = y, x + y
return y""",
            """x, y = 0, 1
for _ in range($a):
    x, y = y, x + y
return x""",
        ),
    ),
    Family(
        key="alg_climb_tribonacci",
        names=("climb_by_three", "ways_with_three", "hop_ways", "triple_step"),
        params=params(("n|steps|stairs|height", "nat")),
        wordings=(
            "Return in how many ways $a stairs can be climbed with hops of 1, 2 or 3.",
            "The number of ordered sums of 1, 2 and 3 that equal $a (one for 0).",
            "How many ways are there to climb $a steps, taking up to three at a time?",
            "Given $a stairs, count the ways up in hops of one, two or three.",
            "Count the sequences of 1s, 2s and 3s with the sum $a.",
            "Ways to climb a staircase when each hop covers at most three steps.",
        ),
        body="""x, y, z = 0, 0, 1
for _ in range($a):
    x, y, z = y, z, x + y + z
return z""",
        idea="add the ways of the three previous heights",
        wrong=(
            """x, y = 0, 1
for _ in range($a):
    x, y = y, x + y
return y""",
        ),
    ),
    Family(
        key="alg_greedy_coins",
        names=("min_coins", "count_coins", "greedy_change", "coins_needed"),
        params=params(("amount|total|cents|price", "nat")),
        wordings=(
            "Return the number of coins for $a with coins of $k and 1, largest first.",
            "How many coins pay $a when there are coins of $k and 1 and as few as possible are used?",
            "The least number of coins of value $k and 1 that make the amount.",
            "Given an amount, count the coins used when paying with coins of $k and then 1.",
            "Pay $a with as many coins of $k as fit and ones for the rest; return the coin count.",
            "The coin count of the change for $a, using only coins of $k and 1.",
        ),
        body="return $a // $k + $a % $k",
        idea="as many coins of $k as fit, then ones",
        consts={"k": (2, 3, 4, 5, 6, 7, 8, 10)},
        wrong=("return $a // $k", "return $a // $k + 1"),
    ),
    Family(
        key="alg_make_change",
        names=("make_change", "change", "give_change", "pay_with_coins"),
        params=params(("amount|cents|total|rest", "nat")),
        wordings=(
            "Return the coins that make $a, largest first, from coins of $k, $m and 1.",
            "Make change greedily with the coins $k, $m and 1; no coins for 0.",
            "The list of coins for the amount $a, always taking the largest of $k, $m and 1.",
            "Given an amount, list the coins ($k, $m, 1) that a greedy cashier hands out.",
            "Which coins of $k, $m and 1 pay $a when the biggest fitting one is always taken?",
            "Break $a down into coins of $k, $m and 1, in descending order.",
        ),
        body="""left = $a
coins = []
for coin in ($k, $m, 1):
    coins += [coin] * (left // coin)
    left %= coin
return coins""",
        idea="take each coin as often as it fits, from large to small",
        consts={"k": (10, 12, 15, 20), "m": (3, 4, 5, 6)},
        wrong=(
            """left = $a
coins = []
for coin in (1, $m, $k):
    coins += [coin] * (left // coin)
    left %= coin
return coins""",
        ),
    ),
    Family(
        key="alg_coin_ways",
        names=("coin_ways", "count_change", "ways_to_pay", "change_ways"),
        params=params(("amount|total|cents|target", "nat")),
        wordings=(
            "Return in how many ways $a can be paid with coins of 1, $k and $m.",
            "The number of ways to make $a from coins of 1, $k and $m, in any order.",
            "How many combinations of the coins 1, $k and $m add up to the amount?",
            "Given an amount, count the multisets of coins 1, $k and $m with that sum.",
            "Count the ways to make change for $a with the coins 1, $k and $m (one way for 0).",
            "With unlimited coins of 1, $k and $m, in how many ways can you reach $a?",
        ),
        body="""ways = [1] + [0] * $a
for coin in (1, $k, $m):
    for i in range(coin, $a + 1):
        ways[i] += ways[i - coin]
return ways[$a]""",
        idea="build up the number of ways coin by coin",
        consts={"k": (2, 3, 4), "m": (5, 6, 7, 10)},
        wrong=(
            """ways = [1] + [0] * $a
for i in range(1, $a + 1):
    ways[i] = sum(ways[i - coin] for coin in (1, $k, $m) if coin <= i)
return ways[$a]""",
        ),
    ),
    Family(
        key="alg_lis",
        names=("lis_length", "longest_increasing", "longest_rising_subsequence", "lis"),
        params=params(("nums|values|xs|numbers", "ints")),
        wordings=(
            "Return the length of the longest strictly increasing subsequence of $a.",
            "How long is the longest strictly rising subsequence? It need not be contiguous.",
            "The longest increasing subsequence's length, 0 for an empty list.",
            "Given $a, drop elements so that the rest strictly rises; how many can stay?",
            "Find how many elements of $a can be kept, in order, so that each exceeds the last.",
            "Length of the longest chain of growing values in $a, gaps allowed.",
        ),
        body="""lengths = []
for i, x in enumerate($a):
    lengths.append(1 + max((lengths[j] for j in range(i) if $a[j] < x), default=0))
return max(lengths, default=0)""",
        idea="for each element extend the longest chain that ends in a smaller one",
        wrong=(
            """lengths = []
for i, x in enumerate($a):
    lengths.append(1 + max((lengths[j] for j in range(i) if $a[j] > x), default=0))
return max(lengths, default=0)""",
            "return len(set($a))",
        ),
    ),
    Family(
        key="alg_longest_run_up",
        names=("longest_rise", "longest_increasing_run", "rising_streak", "longest_climb"),
        params=params(("nums|values|xs|heights", "ints")),
        wordings=(
            "Return the length of the longest strictly increasing contiguous run in $a.",
            "How many consecutive elements rise strictly at most? 0 for an empty list.",
            "The longest streak of neighbours in $a in which each is larger than the one before.",
            "Given $a, find the length of its longest rising stretch.",
            "Find the longest slice of $a that strictly increases and return its length.",
            "Length of the longest climb without a pause in a list of numbers, 0 if it is empty.",
        ),
        body="""best = run = 0
for i, x in enumerate($a):
    run = run + 1 if i and x > $a[i - 1] else 1
    best = max(best, run)
return best""",
        idea="count the current run and restart at 1 when it breaks",
        wrong=(
            """best = run = 0
for i, x in enumerate($a):
    run = run + 1 if i and x > $a[i - 1] else 1
return run""",
        ),
    ),
    Family(
        key="alg_edit_distance",
        names=("edit_distance", "levenshtein", "word_distance", "min_edits"),
        params=params(("s|left|source|one", "word"), ("t|right|target|other", "word")),
        wordings=(
            "Return the edit distance between $a and $b.",
            "How many insertions, deletions and replacements turn $a into $b, at least?",
            "The Levenshtein distance of two words.",
            "Given two words, count the fewest single-letter edits from one to the other.",
            "The least number of letters to add, remove or change to get $b from $a.",
            "Compute how many edits (insert, delete, substitute) are needed between two words.",
        ),
        body="""row = list(range(len($b) + 1))
for i, x in enumerate($a, 1):
    new = [i]
    for j, y in enumerate($b, 1):
        new.append(min(row[j] + 1, new[-1] + 1, row[j - 1] + (x != y)))
    row = new
return row[-1]""",
        idea="fill the table of edits row by row",
        wrong=("return sum(x != y for x, y in zip($a, $b)) + abs(len($a) - len($b))",),
    ),
    Family(
        key="alg_balanced",
        names=("is_balanced", "balanced_brackets", "brackets_match", "valid_brackets"),
        params=params(("s|text|expr|code", "brackets")),
        wordings=(
            "Check whether all brackets in $a are balanced.",
            "Is every bracket closed by one of its own kind, in the right order?",
            "True if the round, square and curly brackets match; the empty string is balanced.",
            "Given a string of brackets, tell whether they nest correctly.",
            "Return True when $a is a well-formed bracket sequence.",
            "Validate that each opening bracket of $a has its partner at the right place.",
        ),
        body="""closing = {")": "(", "]": "[", "}": "{"}
stack = []
for char in $a:
    if char in closing:
        if not stack or stack.pop() != closing[char]:
            return False
    else:
        stack.append(char)
return not stack""",
        idea="push opening brackets and pop the partner of each closing one",
        wrong=(
            "return all($a.count(x) == $a.count(y) for x, y in ('()', '[]', '{}'))",
            "return len($a) % 2 == 0",
        ),
    ),
    Family(
        key="alg_max_depth",
        names=("max_depth", "nesting_depth", "deepest_nesting", "bracket_depth"),
        params=params(("s|text|expr|code", "brackets")),
        wordings=(
            "Return the greatest nesting depth of the brackets in $a.",
            "How deep do brackets of any kind nest at most? Openers add 1, closers take 1 away.",
            "The maximum number of brackets that are open at the same time, from left to right.",
            "Given a bracket string, find its deepest nesting level (0 if empty).",
            "Walk over $a, count opened minus closed brackets and return the highest count.",
            "Find the largest surplus of opening over closing brackets in a prefix of $a.",
        ),
        body="""depth = best = 0
for char in $a:
    depth += 1 if char in "([{" else -1
    best = max(best, depth)
return best""",
        idea="count up at openers, down at closers, and keep the maximum",
        wrong=(
            "return sum(char in '([{' for char in $a)",
            """depth = best = 0
for char in $a:
    depth += 1 if char in "([{" else -1
    best = max(best, depth)
return depth""",
        ),
    ),
)
