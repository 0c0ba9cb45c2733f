"""Function families on small algorithms: scans, votes, small tables, simulations and rules."""

from pipeline.training.nano.family import Family, params

FAMILIES: tuple[Family, ...] = (
    Family(
        key="alg_majority",
        names=("majority", "majority_element", "find_majority", "absolute_majority"),
        params=params(("votes|values|nums|ballots", "bits")),
        wordings=(
            "Return the value that makes up more than half of $a, or None if there is none.",
            "Find the majority element of a list; None without a majority.",
            "Which number occurs in more than half of the places? None if no number does.",
            "The absolute majority of $a: the value in over 50 percent of its places, else None.",
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
        params=params(("nums|values|xs|numbers", "ints"), ("target|total|goal", "small")),
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
        consts={"k": (2, 3, 4, 5, 6, 7, 8, 9)},
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
            "How many coins pay $a when coins of $k and 1 exist and as few as possible are used?",
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
    Family(
        key="alg_robot_line",
        names=("walk_bits", "final_position", "robot_position", "move_on_line"),
        params=params(("moves|steps|bits|commands", "bits")),
        wordings=(
            "Return where a robot ends that starts at 0 and goes $k right for a 1, 1 left for a 0.",
            "Each 1 in $a adds $k to the position, each 0 takes 1 away; start at 0.",
            "The final position of a walk from 0: +$k for every 1 and -1 for every 0.",
            "Given a list of bits, move $k forward on 1 and one back on 0; where do you end?",
            "Where on the number line does a robot stop if 1 means +$k and 0 means -1?",
            "Simulate the moves in $a (1: $k steps ahead, 0: 1 step back) and return the position.",
        ),
        body="return sum($k if move else -1 for move in $a)",
        idea="add $k for a one and subtract 1 for a zero",
        consts={"k": (1, 2, 3, 4, 5, 10)},
        wrong=("return sum($a) * $k",),
    ),
    Family(
        key="alg_capped_counter",
        names=("capped_counter", "counter_with_cap", "count_up_to_$k", "bounded_counter"),
        params=params(("bits|clicks|presses|steps", "bits")),
        wordings=(
            "Start at 0, go up on a 1 and down on a 0, but stay within 0 and $k; return the end.",
            "The final value of a counter that moves by one and is kept between 0 and $k.",
            "Given bits, count up for 1 and down for 0 without leaving the range 0 to $k.",
            "What does a counter show after $a if it never goes below 0 or above $k?",
            "Simulate a counter: 1 adds one (at most $k), 0 takes one away (at least 0).",
            "Return the value of a clamped counter (0..$k) after all ups (1) and downs (0) in $a.",
        ),
        body="""count = 0
for bit in $a:
    count = min($k, count + 1) if bit else max(0, count - 1)
return count""",
        idea="step up or down and clamp to 0 and $k",
        consts={"k": (1, 2, 3, 4)},
        wrong=(
            """count = 0
for bit in $a:
    count += 1 if bit else -1
return max(0, min($k, count))""",
            "return min($k, sum($a))",
        ),
    ),
    Family(
        key="alg_thermostat",
        names=("thermostat", "heater_state", "control_heater", "heating_mode"),
        params=params(("temp|degrees|temperature|reading", "int")),
        wordings=(
            "Return 'heat' if $a is below $k, 'cool' if it is above $m, otherwise 'off'.",
            "The mode of a thermostat: 'heat' under $k degrees, 'cool' over $m, else 'off'.",
            "Given a temperature, decide between 'heat' (< $k), 'cool' (> $m) and 'off'.",
            "What should the thermostat do at $a degrees: heat below $k, cool above $m, or be off?",
            "Choose 'heat' for temperatures under $k and 'cool' for those over $m; else 'off'.",
            "Decide the state of the heating: 'off' from $k to $m, 'heat' below, 'cool' above.",
        ),
        body="""if $a < $k:
    return "heat"
if $a > $m:
    return "cool"
return "off\"""",
        idea="compare with the two limits",
        consts={"k": (-2, 0, 2, 3, 5), "m": (8, 10, 12, 15, 18)},
        wrong=(
            """if $a < $k:
    return "cool"
if $a > $m:
    return "heat"
return "off\"""",
        ),
    ),
    Family(
        key="alg_grade",
        names=("grade", "letter_grade", "score_to_grade", "grade_for"),
        params=params(("score|points|mark|result", "int")),
        wordings=(
            "Return 'A' for a score of at least $k, 'B' from $m, otherwise 'C'.",
            "The letter grade of $a: 'A' from $k up, 'B' from $m up, 'C' below.",
            "Turn a score into a grade: 'A' if it is $k or more, 'B' if $m or more, else 'C'.",
            "Given a score, which of the grades 'A' (>= $k), 'B' (>= $m) and 'C' does it get?",
            "Grade $a with 'A', 'B' or 'C', where the limits are $k and $m, both included.",
            "Map points to letters: $k and above is 'A', $m and above is 'B', the rest is 'C'.",
        ),
        body="""if $a >= $k:
    return "A"
return "B" if $a >= $m else "C\"""",
        idea="check the higher limit first, then the lower",
        consts={"k": (20, 25, 30, 35, 40), "m": (0, 5, 10, 12, 15)},
        wrong=(
            """if $a > $k:
    return "A"
return "B" if $a > $m else "C\"""",
        ),
    ),
    Family(
        key="alg_tax_bracket",
        names=("tax", "income_tax", "compute_tax", "tax_on"),
        params=params(("income|amount|salary|earned", "nat")),
        wordings=(
            "Return the tax on $a: nothing up to $k, then $m for every unit above.",
            "Every unit of income over $k costs $m; what is the tax?",
            "The tax when the first $k units are free and each further one is taxed with $m.",
            "Given an income, tax only the part above $k, at $m per unit.",
            "Compute $m times the part of $a that exceeds $k, 0 if it does not.",
            "How much tax is due on $a if $k is the allowance and the rate is $m per unit?",
        ),
        body="return max(0, $a - $k) * $m",
        idea="tax the part above the allowance",
        consts={"k": (2, 4, 5, 8, 10, 12), "m": (2, 3, 4, 5)},
        wrong=("return $a * $m if $a > $k else 0", "return ($a - $k) * $m"),
    ),
    Family(
        key="alg_two_rate_tax",
        names=("progressive_tax", "two_rate_tax", "tiered_price", "water_bill"),
        params=params(("units|usage|amount|used", "nat")),
        wordings=(
            "Return the price of $a units: 2 each for the first $k, $m each after that.",
            "The first $k units cost 2 apiece and all others $m; what is the bill for $a?",
            "The bill with a rate of 2 up to $k units and $m for every unit beyond.",
            "Given the usage, charge 2 per unit until $k and $m per unit above.",
            "Compute a tiered bill: rate 2 for at most $k units, rate $m for the rest.",
            "How much do $a units cost if the rate goes from 2 to $m after $k units?",
        ),
        body="return min($a, $k) * 2 + max(0, $a - $k) * $m",
        idea="charge the part up to $k and the part above separately",
        consts={"k": (3, 4, 5, 6, 8, 10), "m": (3, 4, 5, 6)},
        wrong=("return $a * 2 if $a <= $k else $a * $m",),
    ),
    Family(
        key="alg_shipping",
        names=("shipping_cost", "delivery_fee", "shipping_fee", "postage"),
        params=params(("total|amount|order|price", "nat")),
        wordings=(
            "Return the shipping cost: 0 for orders of at least $k, otherwise $m.",
            "The delivery fee is $m, but free from an order value of $k.",
            "How much is shipping for an order worth $a, if it is free from $k and $m below?",
            "Given the order total, charge $m unless it reaches $k.",
            "Free delivery from $k on; below that the fee is $m.",
            "The fee for $a: $m when it is less than $k, else nothing.",
        ),
        body="return 0 if $a >= $k else $m",
        idea="no fee from $k on",
        consts={"k": (5, 8, 10, 12, 15), "m": (2, 3, 4, 5, 6, 7)},
        wrong=("return 0 if $a > $k else $m", "return $a if $a >= $k else $a + $m"),
    ),
    Family(
        key="alg_bulk_price",
        names=("bulk_price", "total_price", "price_with_discount", "order_price"),
        params=params(("count|n|quantity|pieces", "nat"), ("price|unit|each", "small")),
        wordings=(
            "Return the price of $a items at $b each, less $k if there are at least $m of them.",
            "The total for $a pieces at $b, with $k off from $m pieces on.",
            "Multiply $a by $b and subtract $k when $a is $m or more; never go below 0.",
            "Given a count and a unit price, compute the total; from $m items it is $k cheaper.",
            "How much do $a items cost if $k is taken off orders of $m or more?",
            "Order total with a fixed discount of $k for $m items or more, not below 0.",
        ),
        body="""cost = $a * $b
if $a >= $m:
    cost -= $k
return max(0, cost)""",
        idea="multiply and subtract the discount from $m items on",
        consts={"k": (1, 2, 3, 4, 5), "m": (5, 6, 8, 10, 12)},
        wrong=(
            """cost = $a * $b
if $a > $m:
    cost -= $k
return max(0, cost)""",
        ),
    ),
    Family(
        key="alg_fizzbuzz",
        names=("fizzbuzz", "fizz_buzz", "fizz_or_buzz", "say"),
        params=params(("n|number|num|i", "int")),
        wordings=(
            "Return 'FizzBuzz' if $k and $m divide $a, 'Fizz' for $k, 'Buzz' for $m, or str($a).",
            "FizzBuzz with $k and $m; other numbers are returned as strings.",
            "'Fizz' for multiples of $k, 'Buzz' for multiples of $m, both joined, or str($a).",
            "Given a number, say Fizz ($k), Buzz ($m), FizzBuzz (both) or the number as text.",
            "What does a FizzBuzz player with the divisors $k and $m say for $a?",
            "Play FizzBuzz: $k gives 'Fizz', $m gives 'Buzz', all else the number as a string.",
        ),
        body="""word = ""
if $a % $k == 0:
    word += "Fizz"
if $a % $m == 0:
    word += "Buzz"
return word or str($a)""",
        idea="collect the words of the divisors, or use the number",
        consts={"k": (2, 3, 4), "m": (5, 7)},
        wrong=(
            """if $a % $k == 0:
    return "Fizz"
if $a % $m == 0:
    return "Buzz"
return str($a)""",
        ),
    ),
    Family(
        key="alg_fizz_list",
        names=("fizz_list", "fizz_up_to", "fizz_numbers", "replace_multiples"),
        params=params(("n|limit|last|stop", "small")),
        wordings=(
            "Return the numbers 1 to $a as strings, with multiples of $k replaced by '$m'.",
            "List 1 up to $a as text, but write '$m' for every multiple of $k.",
            "The strings '1', '2', ... up to $a, with '$m' at each multiple of $k.",
            "Given $a, count from 1 and say '$m' instead of numbers divisible by $k.",
            "Count from 1 to $a in strings; numbers that $k divides become '$m'.",
            "A list of strings for 1..$a in which multiples of $k read '$m'.",
        ),
        body="""return ["$m" if i % $k == 0 else str(i) for i in range(1, $a + 1)]""",
        idea="replace the multiples of $k while counting",
        consts={"k": (2, 3, 4, 5), "m": ("Fizz", "Buzz", "Bang", "Hop", "Boom", "Pop")},
        wrong=("""return ["$m" if i % $k == 0 else str(i) for i in range($a)]""",),
    ),
    Family(
        key="alg_rps",
        names=("rps_winner", "rock_paper_scissors", "play_round", "who_wins"),
        params=params(("p|first|left|one", "nat"), ("q|second|right|two", "nat")),
        wordings=(
            "Return 0 for a draw, 1 if $a wins and 2 if $b wins; move x % 3 + 1 beats x % 3.",
            "Play rock, paper, scissors with $a % 3 and $b % 3 (0 rock, 1 paper, 2 scissors).",
            "The winner (1 or 2, 0 for a draw) when 0, 1, 2 mod 3 mean rock, paper, scissors.",
            "Given two numbers, reduce them mod 3 to rock, paper, scissors and name the winner.",
            "Who wins at rock (0), paper (1), scissors (2), both taken mod 3? 0 means a draw.",
            "Return ($a - $b) mod 3: 0 is a draw, 1 is a win for the first, 2 for the second.",
        ),
        body="return ($a - $b) % 3",
        idea="take the difference modulo 3",
        wrong=("return ($b - $a) % 3", "return abs($a - $b) % 3"),
    ),
    Family(
        key="alg_round_robin",
        names=("whose_turn", "round_robin", "player_at_turn", "next_in_line"),
        params=params(("names|players|queue|people", "words1"), ("turn|n|step|i", "nat")),
        wordings=(
            "Return who in $a has turn number $b, counting from 0 and starting over at the end.",
            "The player whose turn it is after $b turns, going round the list.",
            "Given a non-empty list of players and a turn number from 0, name the player.",
            "Go around $a in a circle; who is reached after $b steps from the first?",
            "Find the element at index $b when $a repeats for ever.",
            "Whose turn is it in round $b if the players take turns in the order of the list?",
        ),
        body="return $a[$b % len($a)]",
        idea="index modulo the length",
        wrong=("return $a[($b - 1) % len($a)]", "return $a[min($b, len($a) - 1)]"),
    ),
    Family(
        key="alg_queue_rotate",
        names=("rotate_queue", "serve_and_requeue", "requeue", "cycle_queue"),
        params=params(("queue|line|people|names", "words"), ("n|turns|times|rounds", "small")),
        wordings=(
            "Move the first element of $a to the end, $b times.",
            "Return the queue after the person at the front has gone to the back $b times.",
            "The order of a queue after $b people were served and lined up again.",
            "Given a queue and a number, rotate it left that many times (empty stays empty).",
            "Take the front of $a and put it at the back, $b times in a row.",
            "What does the queue look like when its head goes to the tail $b times?",
        ),
        body="""if not $a:
    return []
shift = $b % len($a)
return $a[shift:] + $a[:shift]""",
        idea="cut at the number of turns modulo the length and swap the parts",
        wrong=("return $a[$b:] + $a[:$b]",),
    ),
    Family(
        key="alg_josephus",
        names=("josephus", "last_standing", "survivor", "last_one_left"),
        params=params(("n|people|players|size", "pos")),
        wordings=(
            "Return the survivor among 1 to $a when every ${k}th person in the circle leaves.",
            "The Josephus problem for $a people and step $k, numbered from 1.",
            "Who remains last if $a people stand in a circle and number $k in each count goes?",
            "Given $a players in a circle, remove each ${k}th until one is left and return it.",
            "The last number left of 1..$a when counting to $k around the circle and removing.",
            "Simulate the elimination of every ${k}th of $a people and return the last one.",
        ),
        body="""ring = list(range(1, $a + 1))
i = 0
while len(ring) > 1:
    i = (i + $k - 1) % len(ring)
    ring.pop(i)
return ring[0]""",
        idea="remove every $k-th person from a circular list",
        consts={"k": (4, 5, 6, 7)},
        wrong=(
            """ring = list(range(1, $a + 1))
i = 0
while len(ring) > 1:
    i = (i + $k) % len(ring)
    ring.pop(i)
return ring[0]""",
        ),
    ),
    Family(
        key="alg_parity_bit",
        names=("add_parity", "with_parity_bit", "append_parity", "even_parity"),
        params=params(("bits|data|flags|values", "bits")),
        wordings=(
            "Return $a with a bit appended that makes the number of ones even.",
            "Append an even parity bit to a list of bits.",
            "The bits of $a followed by their parity: 1 if the count of ones is odd, else 0.",
            "Given a list of 0s and 1s, add one more so that the sum is even.",
            "Extend a bit list by its even parity bit.",
            "Which list do you send for $a if a parity bit at the end keeps the sum even?",
        ),
        body="return [*$a, sum($a) % 2]",
        idea="append the sum modulo 2",
        wrong=("return [*$a, 1 - sum($a) % 2]", "return [*$a, len($a) % 2]"),
    ),
    Family(
        key="alg_bits_to_int",
        names=("bits_to_int", "bits_value", "from_bits", "binary_list_to_int"),
        params=params(("bits|digits|flags|values", "bits")),
        wordings=(
            "Return the number whose binary digits are $a, most significant first.",
            "Read a list of bits as a binary number; the empty list is 0.",
            "The integer that the bits in $a stand for, highest bit first.",
            "Given a list of 0s and 1s, compute its value in base two.",
            "What number do the bits of $a make in binary?",
            "Convert binary digits in a list, starting with the largest place, to an int.",
        ),
        body="""value = 0
for bit in $a:
    value = value * 2 + bit
return value""",
        idea="double the value and add each bit",
        wrong=(
            "return sum(bit * 2**i for i, bit in enumerate($a))",
            "return sum($a)",
        ),
    ),
    Family(
        key="alg_longest_ones",
        names=("longest_ones", "max_ones_run", "longest_run_of_ones", "best_streak"),
        params=params(("bits|flags|days|wins", "bits")),
        wordings=(
            "Return the length of the longest run of ones in $a.",
            "How many 1s in a row are there at most? 0 if there is none.",
            "The longest streak of consecutive ones in a list of bits.",
            "Given a list of 0s and 1s, find the most 1s that stand side by side.",
            "Find the size of the longest unbroken block of ones in $a.",
            "Longest winning streak, where 1 is a win and 0 a loss.",
        ),
        body="""best = run = 0
for bit in $a:
    run = run + 1 if bit else 0
    best = max(best, run)
return best""",
        idea="count ones and reset the count at each zero",
        wrong=(
            "return sum($a)",
            """best = run = 0
for bit in $a:
    run = run + 1 if bit else 0
return run""",
        ),
    ),
    Family(
        key="alg_toggles",
        names=("toggle_lights", "lights_after", "toggle_all", "final_lights"),
        params=params(("presses|indices|moves|switches", "pos_ints")),
        wordings=(
            "Start with $k lights off and toggle light x % $k for each x in $a; return 0/1 states.",
            "The states (0 or 1) of $k lights after toggling number x % $k for all x in $a.",
            "Given presses, flip the light at index x % $k of $k lights that are off at first.",
            "Which of $k lights are on (1) after the light x modulo $k was flipped for every x?",
            "Simulate $k switches, all 0; every x in $a flips the one at position x % $k.",
            "Return $k bits; bit i is the parity of the count of x in $a with x % $k == i.",
        ),
        body="""lights = [0] * $k
for x in $a:
    lights[x % $k] ^= 1
return lights""",
        idea="flip the light at each index modulo $k",
        consts={"k": (2, 3, 4, 5, 6)},
        wrong=(
            """lights = [0] * $k
for x in $a:
    lights[x % $k] = 1
return lights""",
        ),
    ),
    Family(
        key="alg_checksum",
        names=("checksum", "mod_checksum", "sum_mod_$k", "simple_checksum"),
        params=params(("nums|values|data|digits", "pos_ints")),
        wordings=(
            "Return the sum of $a modulo $k.",
            "A checksum: the remainder of the total of $a divided by $k.",
            "Add up all numbers of the list and take the remainder by $k (0 if it is empty).",
            "Given numbers, compute their checksum as the sum mod $k.",
            "What remains when the sum of $a is divided by $k?",
            "Sum $a and reduce the result modulo $k.",
        ),
        body="return sum($a) % $k",
        idea="sum modulo $k",
        consts={"k": (3, 5, 7, 9, 10, 11, 13, 16)},
        wrong=("return sum(x % $k for x in $a)", "return sum($a) // $k"),
    ),
    Family(
        key="alg_weighted_checksum",
        names=("weighted_checksum", "position_checksum", "weighted_sum_mod", "check_digit"),
        params=params(("digits|code|number|text", "digits")),
        wordings=(
            "Return the sum of each digit of $a times its position (from 1), modulo $k.",
            "A check digit: weight the digits with 1, 2, 3, ... from the left, sum, mod $k.",
            "The weighted digit sum of $a modulo $k, with the positions from 1 as weights.",
            "Given a digit string, multiply each digit by its place (first is 1) and sum mod $k.",
            "Multiply the i-th digit by i, add all up and take the remainder by $k.",
            "What is the position-weighted checksum of $a modulo $k?",
        ),
        body="return sum(i * int(char) for i, char in enumerate($a, 1)) % $k",
        idea="weight the digits by their positions from 1 and reduce mod $k",
        consts={"k": (7, 9, 10, 11, 13)},
        wrong=(
            "return sum(i * int(char) for i, char in enumerate($a)) % $k",
            "return sum(int(char) for char in $a) % $k",
        ),
    ),
    Family(
        key="alg_luhn",
        names=("luhn_valid", "is_luhn", "passes_luhn", "check_luhn"),
        params=params(("digits|number|card|code", "digits")),
        wordings=(
            "Check whether the digit string $a passes the Luhn test.",
            "Is the number valid under the Luhn algorithm?",
            "True if doubling every second digit from the right (minus 9 over 9) sums to 0 mod 10.",
            "Given a card number as digits, validate it with the Luhn checksum.",
            "Return True when the Luhn sum of $a is divisible by 10.",
            "Luhn check of a string of digits.",
        ),
        body="""total = 0
for i, char in enumerate(reversed($a)):
    digit = int(char) * (1 + i % 2)
    total += digit - 9 if digit > 9 else digit
return total % 10 == 0""",
        idea="double every second digit from the right and sum modulo 10",
        wrong=("return sum(int(char) for char in $a) % 10 == 0",),
    ),
    Family(
        key="alg_gcd_list",
        names=("gcd_list", "gcd_of_all", "common_divisor", "greatest_common_divisor"),
        params=params(("nums|values|numbers|xs", "pos_ints")),
        wordings=(
            "Return the greatest common divisor of all numbers in $a, 0 for an empty list.",
            "The largest number that divides every element of $a (0 if there are none).",
            "Compute the gcd of a whole list of positive numbers; an empty one gives 0.",
            "Given positive numbers, find their greatest common divisor.",
            "What is the biggest divisor that all entries of $a share? 0 for no entries.",
            "Fold the gcd over a list, starting from 0.",
        ),
        body="""import math

return math.gcd(*$a)""",
        idea="fold gcd over the list",
        wrong=("return min($a, default=0)",),
    ),
    Family(
        key="alg_lcm",
        names=("lcm", "lcm_of", "common_multiple", "least_common_multiple"),
        params=params(("n|x|first|left", "small"), ("m|y|second|right", "pos")),
        wordings=(
            "Return the least common multiple of $a and $b.",
            "The smallest positive number that both $a and $b divide.",
            "Compute the lcm of two positive integers.",
            "Given two positive numbers, find their smallest common multiple.",
            "After how many steps do cycles of length $a and $b start together again?",
            "What is the least number that is a multiple of $a and of $b?",
        ),
        body="""import math

return $a * $b // math.gcd($a, $b)""",
        idea="divide the product by the gcd",
        wrong=("return $a * $b", "return max($a, $b)"),
    ),
    Family(
        key="alg_ranks",
        names=("ranks", "rank_scores", "places", "ranking"),
        params=params(("scores|points|values|results", "ints")),
        wordings=(
            "Return the rank of each score in $a: 1 for the highest, ties share a rank.",
            "For each entry, one plus the number of strictly larger entries.",
            "The places of the players with these scores, best first, equal scores tie.",
            "Given scores, compute the competition ranks (1, 2, 2, 4).",
            "Which place does each of the scores in $a get, if ties share the better place?",
            "Rank the values from the largest down and skip places after ties.",
        ),
        body="return [1 + sum(other > x for other in $a) for x in $a]",
        idea="count the larger scores for each one and add 1",
        wrong=(
            "return [1 + sum(other >= x for other in $a) for x in $a]",
            "return [1 + sum(other < x for other in $a) for x in $a]",
        ),
    ),
    Family(
        key="alg_dense_ranks",
        names=("dense_ranks", "compress", "dense_ranking", "rank_values"),
        params=params(("nums|values|xs|numbers", "ints")),
        wordings=(
            "Replace each number of $a by its dense rank, 0 for the smallest.",
            "For each element, how many distinct smaller values are there?",
            "The index of every element among the sorted distinct values of $a.",
            "Given numbers, compress them to 0, 1, 2, ... while keeping their order relations.",
            "Coordinate compression: map the sorted distinct values to 0, 1, 2 and so on.",
            "Return the positions of the elements in the sorted list of unique values.",
        ),
        body="""unique = sorted(set($a))
return [unique.index(x) for x in $a]""",
        idea="look each element up in the sorted distinct values",
        wrong=("return [sorted($a).index(x) for x in $a]",),
    ),
    Family(
        key="alg_moving_average",
        names=("moving_average", "window_means", "smooth", "rolling_mean"),
        params=params(("nums|values|data|xs", "ints")),
        wordings=(
            "Return the averages of all windows of $k neighbours in $a, using floor division.",
            "The moving average of width $k with integer division; [] if $a is too short.",
            "For each run of $k consecutive elements, its sum // $k.",
            "Given numbers, average every $k adjacent ones, rounded down.",
            "Smooth $a with a window of $k values and floor the means.",
            "List the floored means of the slices of length $k, from left to right.",
        ),
        body="return [sum($a[i : i + $k]) // $k for i in range(len($a) - $k + 1)]",
        idea="floor the mean of each window of $k",
        consts={"k": (2, 3, 4)},
        wrong=(
            "return [sum($a[i : i + $k]) // $k for i in range(len($a) - $k)]",
            "return [sum($a[i : i + $k]) // $k for i in range(len($a))]",
        ),
    ),
    Family(
        key="alg_window_max",
        names=("best_window", "max_window_sum", "best_sum_of_$k", "largest_window"),
        params=params(("nums|values|data|xs", "ints")),
        wordings=(
            "Return the largest sum of $k neighbouring elements of $a, None if it is shorter.",
            "The maximum total of any $k consecutive numbers, or None.",
            "What is the greatest sum of a window of $k elements? None without a window.",
            "Given numbers, slide a window of width $k and return the best sum (else None).",
            "Find the best $k in a row by sum; a list that is too short gives None.",
            "Maximum over the sums of all slices of length $k, None if there is none.",
        ),
        body="""sums = [sum($a[i : i + $k]) for i in range(len($a) - $k + 1)]
return max(sums, default=None)""",
        idea="sum every window of $k and take the maximum",
        consts={"k": (2, 3, 4)},
        wrong=("return sum(sorted($a)[-$k:])",),
    ),
    Family(
        key="alg_clamped_sum",
        names=("clamped_total", "running_clamped", "bounded_sum", "clamped_sum"),
        params=params(("changes|steps|deltas|moves", "ints")),
        wordings=(
            "Add the numbers of $a one by one to 0, keeping the total between 0 and $k.",
            "The final level after all changes when it is clamped to 0..$k after each of them.",
            "Given changes, update a level that starts at 0 and never leaves 0 to $k.",
            "What does a tank of capacity $k hold in the end, starting empty, after $a?",
            "Accumulate $a with a floor of 0 and a ceiling of $k at every step.",
            "Return the last value of a running sum that is limited to the range 0 to $k.",
        ),
        body="""level = 0
for x in $a:
    level = max(0, min($k, level + x))
return level""",
        idea="clamp the running sum after each step",
        consts={"k": (5, 8, 10, 12, 15, 20, 25, 30)},
        wrong=("return max(0, min($k, sum($a)))",),
    ),
    Family(
        key="alg_water",
        names=("max_water", "container", "most_water", "largest_container"),
        params=params(("heights|walls|lines|bars", "pos_ints")),
        wordings=(
            "Return the most water that two of the walls in $a can hold, 0 for fewer than two.",
            "The largest value of min(height i, height j) times (j - i) over all pairs.",
            "Pick two walls so that width times the lower height is greatest; return that area.",
            "Given wall heights at distance 1, find the biggest container between two of them.",
            "How much water fits between the best two lines of $a?",
            "Maximum area of a container made of two bars, ignoring the bars between them.",
        ),
        body="""best = 0
for i, x in enumerate($a):
    for j in range(i):
        best = max(best, min(x, $a[j]) * (i - j))
return best""",
        idea="try every pair of walls",
        wrong=(
            """best = 0
for i, x in enumerate($a):
    for j in range(i):
        best = max(best, max(x, $a[j]) * (i - j))
return best""",
        ),
    ),
    Family(
        key="alg_trapped_rain",
        names=("trapped_rain", "trap_water", "rain_water", "water_between"),
        params=params(("heights|walls|terrain|bars", "pos_ints")),
        wordings=(
            "Return how much rain stays between the bars of $a.",
            "The water trapped above the bars: up to the lower of the highest walls on both sides.",
            "How many units of water does the terrain $a hold after rain?",
            "Given bar heights of width 1, compute the trapped rain water.",
            "For each bar add min(highest to the left, highest to the right) minus its height.",
            "Total rain water caught between walls of the given heights, 0 for an empty list.",
        ),
        body="""total = 0
for i, x in enumerate($a):
    total += min(max($a[: i + 1]), max($a[i:])) - x
return total""",
        idea="fill each bar up to the lower of its two highest sides",
        wrong=("return sum(max($a) - x for x in $a)",),
    ),
    Family(
        key="alg_candies",
        names=("greatest_candies", "can_have_most", "kids_with_candies", "could_lead"),
        params=params(("candies|sweets|scores|counts", "pos_ints")),
        wordings=(
            "For each child, tell whether $k extra candies give it at least the current maximum.",
            "Return a list of bools: is x + $k at least max($a) for each x?",
            "Which children would have the most candies with $k more? One bool per child.",
            "Given candy counts, check for each one if adding $k reaches the maximum.",
            "True for every entry of $a that is at most $k below the largest.",
            "A list that says for each count whether $k more make it the greatest (ties count).",
        ),
        body="return [x + $k >= max($a) for x in $a]",
        idea="compare each count plus $k with the maximum",
        consts={"k": (1, 2, 3, 4, 5, 8)},
        wrong=("return [x + $k > max($a) for x in $a]",),
    ),
    Family(
        key="alg_share_candies",
        names=("left_over", "candies_left", "remaining_after_sharing", "rest_of_sharing"),
        params=params(
            ("candies|sweets|coins|items", "nat"), ("kids|children|friends|people", "pos")
        ),
        wordings=(
            "Return (each, left): share $a fairly among $b and give the rest.",
            "How many does everyone get and how many remain? Answer as a tuple.",
            "The equal share and the remainder when $a things go to $b people.",
            "Given a number of items and of people, split evenly: (share, leftover).",
            "Share $a among $b as evenly as possible without splitting; return share and rest.",
            "Quotient and remainder of $a by $b as a tuple.",
        ),
        body="return divmod($a, $b)",
        idea="use divmod",
        wrong=("return ($a % $b, $a // $b)", "return ($a / $b, $a % $b)"),
    ),
    Family(
        key="alg_minutes_clock",
        names=("to_clock", "format_minutes", "minutes_to_time", "clock_time"),
        params=params(("minutes|mins|total|time", "int")),
        wordings=(
            "Return the time $a * $k minutes after midnight as 'HH:MM', around the clock.",
            "The 24-hour clock time after $a steps of $k minutes from 00:00.",
            "Multiply $a by $k minutes and format it as 'HH:MM', wrapping at 24 hours.",
            "Given a count of $k-minute blocks since midnight, give the clock time 'HH:MM'.",
            "What does a digital clock show after $a blocks of $k minutes? Wrap around midnight.",
            "Turn $a units of $k minutes into two-digit hours and minutes of a day.",
        ),
        body="""hours, rest = divmod($a * $k % 1440, 60)
return f"{hours:02}:{rest:02}\"""",
        idea="wrap at 1440 minutes and split into hours and minutes",
        consts={"k": (5, 10, 15, 20, 30, 45, 60, 90)},
        wrong=(
            """hours, rest = divmod($a * $k % 1440, 60)
return f"{hours}:{rest}\"""",
        ),
    ),
    Family(
        key="alg_add_hours",
        names=("add_hours", "hour_after", "clock_hour", "later_hour"),
        params=params(("hour|start|now|h", "nat"), ("n|hours|shift|later", "int")),
        wordings=(
            "Return the hour on a $k-hour clock (0 to $k - 1) that is $b hours after $a.",
            "Add $b to the hour $a and wrap around at $k.",
            "The hour shown $b hours later by a clock with $k hours, counted from 0.",
            "Given an hour and a shift, which may be negative, find the new hour modulo $k.",
            "What hour is it $b hours after $a if the clock restarts at 0 after $k - 1?",
            "Move the hour hand of a clock with $k hours by $b, starting at $a.",
        ),
        body="return ($a + $b) % $k",
        idea="add and take the remainder by $k",
        consts={"k": ("12", "24", "10", "8", "6")},
        wrong=("return $a + $b", "return ($a - $b) % $k"),
    ),
    Family(
        key="alg_clock_angle",
        names=("clock_angle", "hand_angle", "angle_between_hands", "angle_at"),
        params=params(("hour|h|hours|hh", "nat")),
        wordings=(
            "Return the smaller angle in degrees between the hands of a clock at $a o'clock.",
            "How many degrees lie between hour and minute hand at the full hour $a?",
            "The angle of the clock hands at a full hour, at most 180 degrees.",
            "Given an hour, compute the smaller angle between the hands (30 degrees per hour).",
            "At $a:00, what is the angle of the hour hand to twelve, taken the shorter way?",
            "Compute the angle from 0 to 180 that the hands form at $a o'clock.",
        ),
        body="""angle = $a % 12 * 30
return min(angle, 360 - angle)""",
        idea="take 30 degrees per hour and the shorter way round",
        wrong=("return $a % 12 * 30", "return $a * 30 % 180"),
    ),
    Family(
        key="alg_subset_count",
        names=("count_subsets", "subsets_with_sum", "subset_sum_count", "ways_to_make"),
        params=params(("nums|values|coins|weights", "pos_ints"), ("target|total|goal", "nat")),
        wordings=(
            "Count the subsets of $a (by position) whose sum is $b.",
            "In how many ways can elements of $a be chosen to add up to $b?",
            "The number of selections from the list with the given total; none chosen makes 0.",
            "Given positive numbers and a target, count the choices that reach it exactly.",
            "How many sub-collections of $a sum to $b, each element used at most once?",
            "Count ways to pick some of the entries so that they total $b.",
        ),
        body="""ways = [1] + [0] * $b
for x in $a:
    for i in range($b, x - 1, -1):
        ways[i] += ways[i - x]
return ways[$b]""",
        idea="update the number of ways for each total, from high to low",
        wrong=(
            """ways = [1] + [0] * $b
for x in $a:
    for i in range(x, $b + 1):
        ways[i] += ways[i - x]
return ways[$b]""",
        ),
    ),
    Family(
        key="alg_house_robber",
        names=("best_non_adjacent", "rob", "max_without_neighbours", "pick_apart"),
        params=params(("nums|values|houses|loot", "pos_ints")),
        wordings=(
            "Return the largest sum of elements of $a no two of which are neighbours.",
            "How much can be taken from a row of houses if two adjacent ones are never robbed?",
            "The maximum total of non-adjacent entries, 0 for an empty list.",
            "Given positive numbers, choose some without taking neighbours; maximise the sum.",
            "Pick entries of $a, never two in a row, and return the best possible total.",
            "House robber: the greatest loot without touching adjacent houses.",
        ),
        body="""take = skip = 0
for x in $a:
    take, skip = skip + x, max(take, skip)
return max(take, skip)""",
        idea="track the best sums with and without the last element",
        wrong=("return max(sum($a[::2]), sum($a[1::2]))",),
    ),
    Family(
        key="alg_grid_paths",
        names=("grid_paths", "count_paths", "lattice_paths", "unique_paths"),
        params=params(("rows|height|m|h", "small"), ("cols|width|n|w", "small")),
        wordings=(
            "Return the number of paths through a grid of $a by $b cells, going right or down.",
            "How many ways lead from the top left to the bottom right cell with right and down?",
            "The count of monotone paths between opposite corner cells of an $a x $b grid.",
            "Given the size of a grid, count the routes that only go right or down.",
            "Count the ways to cross $a rows and $b columns of cells, corner to corner.",
            "Number of unique robot paths in a grid with $a rows and $b columns.",
        ),
        body="""import math

return math.comb($a + $b - 2, $a - 1)""",
        idea="choose which of the moves go down",
        wrong=(
            """import math

return math.comb($a + $b, $a)""",
            "return $a * $b",
        ),
    ),
    Family(
        key="alg_jump",
        names=("can_reach_end", "can_jump", "jump_game", "reaches_last"),
        params=params(("jumps|nums|steps|reach", "bits")),
        wordings=(
            "Check whether the end of $a can be reached if index i allows up to $a[i] * $k steps.",
            "A 1 lets you jump up to $k places ahead, a 0 nothing: is the last index reachable?",
            "True if you can hop from the first to the last index; only ones allow 1 to $k steps.",
            "Given bits, start at index 0; from a 1 go 1..$k ahead. Can you get to the last index?",
            "Can the last position be reached when each 1 gives a jump of at most $k?",
            "Return True if jumps of up to $k from the ones lead to the end; empty counts as True.",
        ),
        body="""far = 0
for i, x in enumerate($a):
    if i > far:
        return False
    far = max(far, i + x * $k)
return True""",
        idea="track the farthest reachable index",
        consts={"k": (1, 2, 3)},
        wrong=("return all($a)",),
    ),
    Family(
        key="alg_both_in_range",
        names=("both_between", "both_in_range", "both_within", "pair_in_range"),
        params=params(("x|first|left|p", "int"), ("y|second|right|q", "int")),
        wordings=(
            "Check whether $a and $b both lie between $k and $m, limits included.",
            "Are both numbers at least $k and at most $m?",
            "True if neither $a nor $b is outside the range $k to $m.",
            "Given two numbers, tell whether each of them is in [$k, $m].",
            "Return True when $k <= n <= $m holds for both numbers.",
            "Test two numbers for being within $k and $m, inclusive.",
        ),
        body="return $k <= $a <= $m and $k <= $b <= $m",
        idea="compare both numbers with both limits",
        consts={"k": (-10, -5, 0, 1, 5), "m": (10, 20, 25, 30)},
        wrong=(
            "return $k <= $a <= $m or $k <= $b <= $m",
            "return $k < $a < $m and $k < $b < $m",
        ),
    ),
    Family(
        key="alg_close",
        names=("are_close", "within_$k", "nearly_equal", "is_near"),
        params=params(("x|first|left|p", "int"), ("y|second|right|q", "int")),
        wordings=(
            "Check whether $a and $b differ by at most $k.",
            "Are the two numbers no more than $k apart?",
            "True if the distance between two numbers is $k or less.",
            "Given two numbers, test if their absolute difference does not exceed $k.",
            "Return whether $a is within $k of $b.",
            "Tell if two ints are close, that is at most $k from each other.",
        ),
        body="return abs($a - $b) <= $k",
        idea="compare the absolute difference with $k",
        consts={"k": (2, 3, 5, 8, 10, 12, 15, 20)},
        wrong=("return abs($a + $b) <= $k", "return $a - $b <= $k"),
    ),
    Family(
        key="alg_exactly_one",
        names=("exactly_one", "only_one_divisible", "one_but_not_both", "exactly_one_multiple"),
        params=params(("x|first|left|p", "int"), ("y|second|right|q", "int")),
        wordings=(
            "Check whether exactly one of $a and $b is divisible by $k.",
            "Is one number a multiple of $k and the other one not?",
            "True if $k divides $a or $b, but not both.",
            "Given two numbers, tell whether precisely one is a multiple of $k.",
            "Return True when only one of two numbers leaves no remainder by $k.",
            "Exclusive or of the divisibility of $a and $b by $k.",
        ),
        body="return ($a % $k == 0) != ($b % $k == 0)",
        idea="compare the two divisibilities for being different",
        consts={"k": (2, 3, 4, 5, 6, 7)},
        wrong=(
            "return $a % $k == 0 or $b % $k == 0",
            "return ($a % $k == 0) == ($b % $k == 0)",
        ),
    ),
    Family(
        key="alg_first_below",
        names=("day_of_ruin", "first_negative_balance", "first_overdraft", "when_broke"),
        params=params(("changes|moves|amounts|deltas", "ints")),
        wordings=(
            "Return the index at which the balance, starting at $k, first drops below 0, or -1.",
            "Start with $k and add $a in turn; at which index is the sum negative first? Else -1.",
            "The first position where $k plus the running sum is negative, -1 if it never is.",
            "Given changes to a balance of $k, find when it first goes under zero (else -1).",
            "With $k in the account, which entry of $a overdraws it first? -1 if none does.",
            "Find the index of the first negative running balance (from $k on), or -1.",
        ),
        body="""balance = $k
for i, x in enumerate($a):
    balance += x
    if balance < 0:
        return i
return -1""",
        idea="add up from $k and stop at the first negative balance",
        consts={"k": (0, 1, 2, 3, 5)},
        wrong=(
            """balance = $k
for i, x in enumerate($a):
    balance += x
    if balance <= 0:
        return i
return -1""",
        ),
    ),
    Family(
        key="alg_bits_walk",
        names=("turn_walk", "walk_grid", "robot_end", "follow_digits"),
        params=params(("digits|moves|path|code", "digits")),
        wordings=(
            "Follow $a from (0, 0): digit mod 4 is 0 up, 1 right, 2 down, 3 left; return (x, y).",
            "The end of a walk whose digits mod 4 mean up, right, down, left (y grows upwards).",
            "Given a digit string, step up (0), right (1), down (2), left (3), digits mod 4.",
            "Where does a robot at (0, 0) end if each digit mod 4 is a step up/right/down/left?",
            "Simulate a walk: for each digit d, d % 4 picks one of up, right, down and left.",
            "Return (x, y) after all moves; 0, 1, 2, 3 (mod 4) go up, right, down, left.",
        ),
        body="""x = y = 0
for char in $a:
    dx, dy = ((0, 1), (1, 0), (0, -1), (-1, 0))[int(char) % 4]
    x, y = x + dx, y + dy
return (x, y)""",
        idea="map each digit mod 4 to a direction and add it",
        wrong=(
            """x = y = 0
for char in $a:
    dx, dy = ((1, 0), (0, 1), (-1, 0), (0, -1))[int(char) % 4]
    x, y = x + dx, y + dy
return (x, y)""",
        ),
    ),
    Family(
        key="alg_letter_value",
        names=("word_score", "letter_sum", "word_value", "score_word"),
        params=params(("word|s|text|name", "word")),
        wordings=(
            "Return the sum of the alphabet positions (a is 1) of the letters in $a, times $k.",
            "Score a lower-case word: a counts $k, b counts twice that, and so on.",
            "The value of $a when the i-th letter of the alphabet is worth i * $k.",
            "Given a word, add up its letters' places in the alphabet and multiply by $k.",
            "How many points is $a worth if a gives $k, b gives 2 * $k, c gives 3 * $k, ...?",
            "Add the letter values (position in the alphabet times $k) of a word.",
        ),
        body="return sum(ord(char) - 96 for char in $a) * $k",
        idea="sum the alphabet positions and multiply by $k",
        consts={"k": (2, 3, 4, 5, 10)},
        wrong=("return sum(ord(char) - 97 for char in $a) * $k",),
    ),
    Family(
        key="alg_min_removals",
        names=("unmatched", "min_removals", "count_unmatched", "brackets_to_remove"),
        params=params(("s|text|expr|code", "brackets")),
        wordings=(
            "Return how many round brackets of $a have no partner; ignore the other kinds.",
            "Count the unmatched '(' and ')' in a string.",
            "The least number of round brackets to remove so that the rest of them balance.",
            "Given a bracket string, count round brackets that cannot be paired.",
            "How many of the characters ( and ) in $a stay unmatched?",
            "Number of parentheses without a partner; square and curly ones do not matter.",
        ),
        body="""opened = lonely = 0
for char in $a:
    if char == "(":
        opened += 1
    elif char == ")" and opened:
        opened -= 1
    elif char == ")":
        lonely += 1
return opened + lonely""",
        idea="pair each closing bracket with an open one and count what is left",
        wrong=('return abs($a.count("(") - $a.count(")"))',),
    ),
    Family(
        key="alg_next_greater",
        names=("next_greater", "next_larger", "following_greater", "first_larger_after"),
        params=params(("nums|values|xs|temps", "ints")),
        wordings=(
            "For each element of $a return the next larger one to its right, or None.",
            "The first greater number after each position, None where there is none.",
            "Replace every number by the nearest bigger one that follows it, else None.",
            "Given numbers, find for each the next element that exceeds it.",
            "Which larger number comes next after each entry of $a? None if none does.",
            "List the next greater elements of a list.",
        ),
        body="return [next((y for y in $a[i:] if y > x), None) for i, x in enumerate($a)]",
        idea="search to the right of each element for a larger one",
        wrong=("return [max($a[i:]) for i, x in enumerate($a)]",),
    ),
    Family(
        key="alg_days_warmer",
        names=("days_until_warmer", "wait_for_warmer", "days_to_wait", "wait_times"),
        params=params(("temps|temperatures|values|days", "ints")),
        wordings=(
            "For each day in $a return how many days to wait for a warmer one, 0 if none comes.",
            "The distance from each element to the next larger one on its right, else 0.",
            "Given daily temperatures, count the days until it gets warmer (0 for never).",
            "How long does one wait on each day for a higher temperature? 0 without one.",
            "List, for every position, the steps to the next greater number or 0.",
            "Days until a higher reading follows, for each reading; 0 when none does.",
        ),
        body="""waits = []
for i, x in enumerate($a):
    waits.append(next((j - i for j in range(i, len($a)) if $a[j] > x), 0))
return waits""",
        idea="find the next larger element and take the distance",
        wrong=(
            """waits = []
for i, x in enumerate($a):
    waits.append(next((j for j in range(i, len($a)) if $a[j] > x), 0))
return waits""",
        ),
    ),
    Family(
        key="alg_boats",
        names=("trips_needed", "count_trips", "loads_needed", "elevator_trips"),
        params=params(("weights|items|people|loads", "pos_ints")),
        wordings=(
            "Return how many trips carry the weights of $a in order, with at most $k per trip.",
            "Load items in the given order; start a new trip when the load would exceed $k.",
            "The number of loads of at most $k that take the items in order, 0 for none.",
            "Given weights, fill trips of capacity $k one after another and count them.",
            "How many trips are needed for $a in this order with a limit of $k?",
            "Count trips: an item that does not fit into the limit of $k opens the next one.",
        ),
        body="""trips = load = 0
for x in $a:
    if trips == 0 or load + x > $k:
        trips += 1
        load = 0
    load += x
return trips""",
        idea="start a new trip when the next weight does not fit",
        consts={"k": (20, 25, 30, 40, 50)},
        wrong=("return -(-sum($a) // $k)", "return sum($a) // $k + 1"),
    ),
)
