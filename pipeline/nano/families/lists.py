"""Function families on lists: filters, maps, scans, windows, runs, searches and rearrangements."""

from pipeline.nano.family import Family, params

FAMILIES: tuple[Family, ...] = (
    Family(
        key="list_filter_above",
        names=("above_$k", "greater_than_$k", "keep_above_$k", "filter_above", "over_$k"),
        params=params(("nums|values|xs|numbers", "ints")),
        wordings=(
            "Return the numbers in $a that are greater than $k.",
            "Keep only the elements above $k, in their order.",
            "All values of a list that exceed $k.",
            "Which numbers in $a are larger than $k? List them.",
            "Given a list of numbers, drop everything up to and including $k.",
            "Filter $a: what is $k or less goes.",
        ),
        consts={"k": (0, 1, 2, 3, 5, 7, 10, 20)},
        body="return [x for x in $a if x > $k]",
        idea="keep the elements greater than $k",
        wrong=("return [x for x in $a if x >= $k]", "return [x for x in $a if x < $k]"),
    ),
    Family(
        key="list_filter_below_param",
        names=("below", "smaller_than", "keep_below", "under_limit", "values_under"),
        params=params(("nums|values|xs|numbers", "ints"), ("limit|n|bound|top", "int")),
        wordings=(
            "Return the elements of $a that are smaller than $b.",
            "Keep what is below $b.",
            "All numbers in $a less than $b, in order.",
            "Which values of $a stay under $b?",
            "Given a list and a limit, list the numbers below the limit.",
            "Remove everything from the list that is not smaller than $b.",
        ),
        body="return [x for x in $a if x < $b]",
        idea="keep the elements less than $b",
        wrong=("return [x for x in $a if x <= $b]", "return [x for x in $a if x > $b]"),
    ),
    Family(
        key="list_filter_multiples",
        names=("multiples_of_$k", "divisible_by_$k", "keep_multiples", "only_multiples_of_$k"),
        params=params(("nums|values|xs|numbers", "ints")),
        wordings=(
            "Return the elements of $a that are divisible by $k.",
            "Keep only the multiples of $k.",
            "The numbers in a list that $k divides without remainder.",
            "Which elements of $a are multiples of $k?",
            "Given integers, filter out everything that is not a multiple of $k.",
            "List those numbers of $a that leave no remainder modulo $k.",
        ),
        consts={"k": (2, 3, 4, 5, 6, 7, 10)},
        body="return [x for x in $a if x % $k == 0]",
        idea="keep the elements with remainder 0 modulo $k",
        wrong=("return [x for x in $a if x % $k]", "return [x // $k for x in $a]"),
    ),
    Family(
        key="list_filter_odd",
        names=("odds", "odd_numbers", "keep_odd", "only_odd", "remove_even"),
        params=params(("nums|values|xs|numbers", "ints")),
        wordings=(
            "Return the odd numbers in $a.",
            "Remove the even numbers from a list.",
            "All odd elements, in their original order.",
            "Which numbers in $a are odd?",
            "Given a list of integers, keep those that 2 does not divide.",
            "Filter $a down to its odd members.",
        ),
        body="return [x for x in $a if x % 2]",
        idea="keep the elements with a remainder modulo 2",
        wrong=("return [x for x in $a if x % 2 == 0]", "return $a[1::2]"),
    ),
    Family(
        key="list_map_scale",
        names=("times_$k", "multiply_by_$k", "scale_by_$k", "scale_all", "multiply_all"),
        params=params(("nums|values|xs|numbers", "ints")),
        wordings=(
            "Multiply every element of $a by $k.",
            "Return a list with each number taken $k times.",
            "The elements of $a, each multiplied by $k.",
            "Given a list, scale all of its numbers by the factor $k.",
            "What do the numbers become when each is multiplied by $k?",
            "Make a new list where every value is $k times as large.",
        ),
        consts={"k": (2, 3, 4, 5, 10, 100)},
        body="return [x * $k for x in $a]",
        idea="multiply each element by $k",
        wrong=("return $a * $k", "return [x + $k for x in $a]"),
    ),
    Family(
        key="list_map_shift",
        names=("add_$k", "increase_all", "add_to_each", "raise_each_by_$k", "add_to_all"),
        params=params(("nums|values|xs|numbers", "ints")),
        wordings=(
            "Add $k to every element of $a.",
            "Return a list with each number increased by $k.",
            "The values of $a, all raised by $k.",
            "Given numbers, make each of them $k larger.",
            "What does the list look like once $k is added to each number?",
            "Shift all elements up by $k.",
        ),
        consts={"k": (1, 2, 3, 4, 5, 7, 10, 100)},
        body="return [x + $k for x in $a]",
        idea="add $k to each element",
        wrong=("return $a + [$k]", "return [x - $k for x in $a]"),
    ),
    Family(
        key="list_map_squares",
        names=("squares", "square_all", "squared", "square_each"),
        params=params(("nums|values|xs|numbers", "ints")),
        wordings=(
            "Return the squares of the numbers in $a.",
            "Square every element of a list.",
            "Each number multiplied by itself, as a list.",
            "What are the squares of $a, in order?",
            "Given a list of integers, replace each by its second power.",
            "A list with x * x for every x in $a.",
        ),
        body="return [x * x for x in $a]",
        idea="multiply each element by itself",
        wrong=("return [x * 2 for x in $a]",),
    ),
    Family(
        key="list_map_abs_diff",
        names=("distances_to", "distances", "gaps_to", "how_far_each"),
        params=params(("nums|values|xs|numbers", "ints"), ("n|target|x0|center", "int")),
        wordings=(
            "Return the distance of every element of $a to $b.",
            "How far is each number from $b?",
            "The absolute differences between the elements of $a and $b.",
            "Given a list and a number, list how far each element lies from the number.",
            "Replace each element by its distance from $b, never negative.",
            "For every value of $a, compute the absolute value of its difference to $b.",
        ),
        body="return [abs(x - $b) for x in $a]",
        idea="take the absolute difference to $b of each element",
        wrong=("return [x - $b for x in $a]", "return [abs(x) - $b for x in $a]"),
    ),
    Family(
        key="list_prefix_sums",
        names=("prefix_sums", "running_total", "cumulative_sum", "running_sums", "cumsum"),
        params=params(("nums|values|xs|numbers", "ints")),
        wordings=(
            "Return the running totals of $a.",
            "The prefix sums of a list: element i is the sum of the first i + 1 numbers.",
            "Replace each number by the sum of all numbers up to it, itself included.",
            "What are the cumulative sums of $a?",
            "Given numbers, list the total after each of them.",
            "Add up $a step by step and collect the intermediate sums.",
        ),
        body="""total = 0
result = []
for x in $a:
    total += x
    result.append(total)
return result""",
        idea="keep a running total and append it after each element",
        wrong=(
            """total = 0
result = []
for x in $a:
    result.append(total)
    total += x
return result""",
            "return [sum($a[:i]) for i in range(len($a))]",
        ),
    ),
    Family(
        key="list_cumulative_max",
        names=("running_max", "cumulative_max", "prefix_max", "highest_so_far"),
        params=params(("nums|values|xs|numbers", "ints")),
        wordings=(
            "Return the largest value so far at each position of $a.",
            "The running maximum of a list.",
            "Replace every element by the maximum of the elements up to it.",
            "What is the highest number seen after each step through $a?",
            "Given numbers, list the cumulative maximum.",
            "For each prefix of $a, give its maximum.",
        ),
        body="""result = []
for x in $a:
    result.append(max(x, result[-1]) if result else x)
return result""",
        idea="append the larger of the element and the last maximum",
        wrong=(
            """result = []
for x in $a:
    result.append(min(x, result[-1]) if result else x)
return result""",
            "return [max($a)] * len($a)",
        ),
    ),
    Family(
        key="list_cumulative_min",
        names=("running_min", "cumulative_min", "prefix_min", "lowest_so_far"),
        params=params(("nums|values|xs|numbers", "ints")),
        wordings=(
            "Return the smallest value so far at each position of $a.",
            "The running minimum of a list.",
            "Replace every element by the minimum of the elements up to it.",
            "What is the lowest number seen after each step through $a?",
            "Given numbers, list the cumulative minimum.",
            "For each prefix of $a, give its minimum.",
        ),
        body="return [min($a[: i + 1]) for i in range(len($a))]",
        idea="take the minimum of each prefix",
        wrong=(
            "return [max($a[: i + 1]) for i in range(len($a))]",
            "return [min($a[i:]) for i in range(len($a))]",
        ),
    ),
    Family(
        key="list_differences",
        names=("differences", "deltas", "steps", "diffs", "consecutive_differences"),
        params=params(("nums|values|xs|numbers", "ints")),
        wordings=(
            "Return the differences between consecutive elements of $a.",
            "Each element minus the one before it, as a list one shorter.",
            "By how much does $a change from each number to the next?",
            "Given a list of numbers, compute next minus current for all neighbours.",
            "The steps between adjacent values; empty for fewer than two.",
            "Subtract every number of $a from its successor.",
        ),
        body="return [y - x for x, y in zip($a, $a[1:])]",
        idea="zip the list with its tail and subtract",
        wrong=(
            "return [x - y for x, y in zip($a, $a[1:])]",
            "return [abs(y - x) for x, y in zip($a, $a[1:])]",
        ),
    ),
    Family(
        key="list_rotate_left",
        names=("rotate_left", "rotate_left_$k", "shift_left", "move_front_to_back"),
        params=params(("items|values|xs|nums", "ints")),
        wordings=(
            "Rotate $a to the left by $k places.",
            "Move the first $k elements to the end; the count wraps around the length.",
            "The list rotated left $k times, [] for an empty list.",
            "What does $a look like after $k left rotations?",
            "Given a list, take the first element to the back $k times.",
            "Shift all elements $k positions to the front, wrapping around.",
        ),
        consts={"k": (1, 2, 3, 4)},
        body="""if not $a:
    return []
i = $k % len($a)
return $a[i:] + $a[:i]""",
        idea="cut at $k modulo the length and swap the parts",
        wrong=(
            """if not $a:
    return []
i = $k % len($a)
return $a[-i:] + $a[:-i]""",
            "return $a[$k:]",
        ),
    ),
    Family(
        key="list_rotate_right",
        names=("rotate_right", "rotate", "shift_right", "move_back_to_front"),
        params=params(("items|values|xs|nums", "ints"), ("n|steps|times", "nat")),
        wordings=(
            "Rotate $a to the right by $b places.",
            "Take the last element to the front, $b times.",
            "The list rotated right $b times; an empty list stays empty.",
            "What is $a after $b right rotations?",
            "Given a list and a count, rotate the list right that many places.",
            "Shift every element $b positions to the back, wrapping around at the end.",
        ),
        body="""if not $a:
    return []
i = len($a) - $b % len($a)
return $a[i:] + $a[:i]""",
        idea="cut $b modulo the length before the end and swap the parts",
        wrong=(
            """if not $a:
    return []
i = $b % len($a)
return $a[i:] + $a[:i]""",
            "return $a[-$b:] + $a[:-$b]",
        ),
    ),
    Family(
        key="list_chunks",
        names=("chunks_of_$k", "chunk", "split_into_${k}s", "groups_of_$k", "batches"),
        params=params(("items|values|xs|nums", "ints")),
        wordings=(
            "Split $a into chunks of $k elements; the last one may be shorter.",
            "Cut a list into pieces of length $k.",
            "The elements of $a in groups of $k, with the rest in a last group.",
            "Given a list, return it as consecutive batches of size $k.",
            "Group every $k neighbours of $a into a list of their own.",
            "Which blocks of $k elements does the list consist of? The last may be short.",
        ),
        consts={"k": (2, 3, 4)},
        body="return [$a[i : i + $k] for i in range(0, len($a), $k)]",
        idea="slice at every $k-th index",
        wrong=(
            "return [$a[i : i + $k] for i in range(len($a))]",
            "return [$a[i : i + $k] for i in range(0, len($a) - $k + 1, $k)]",
        ),
    ),
    Family(
        key="list_windows",
        names=("windows", "sliding_windows", "windows_of_$k", "all_windows"),
        params=params(("items|values|xs|nums", "ints")),
        wordings=(
            "Return all windows of $k consecutive elements of $a.",
            "Every slice of length $k, from left to right; none if the list is shorter.",
            "The sliding windows of size $k over a list.",
            "Which runs of $k neighbours does $a have? List them all, overlapping.",
            "Given a list, move a frame of $k elements over it and collect what it shows.",
            "List the contiguous sublists with exactly $k elements.",
        ),
        consts={"k": (2, 3, 4)},
        body="return [$a[i : i + $k] for i in range(len($a) - $k + 1)]",
        idea="slice $k elements at every start that leaves room",
        wrong=(
            "return [$a[i : i + $k] for i in range(len($a))]",
            "return [$a[i : i + $k] for i in range(len($a) - $k)]",
        ),
    ),
    Family(
        key="list_window_sums",
        names=("window_sums", "sums_of_$k", "sliding_sums", "moving_sums"),
        params=params(("nums|values|xs|numbers", "ints")),
        wordings=(
            "Return the sum of every $k consecutive elements of $a.",
            "The sums of all windows of length $k; an empty list if there is no such window.",
            "What do the numbers in each window of $k neighbours add up to?",
            "Given numbers, compute the moving sum over $k elements.",
            "Slide a window of size $k over $a and list the totals.",
            "Add up each contiguous group of $k elements, overlapping ones too.",
        ),
        consts={"k": (2, 3, 4)},
        body="return [sum($a[i : i + $k]) for i in range(len($a) - $k + 1)]",
        idea="sum each full window of $k elements",
        wrong=(
            "return [sum($a[i : i + $k]) for i in range(0, len($a), $k)]",
            "return [sum($a[i : i + $k]) for i in range(len($a))]",
        ),
    ),
    Family(
        key="list_dedup",
        names=("dedup", "unique", "remove_duplicates", "distinct", "drop_repeats"),
        params=params(("items|values|xs|nums", "ints")),
        wordings=(
            "Remove duplicates from $a and keep the first occurrences in order.",
            "The distinct elements of a list, in order of first appearance.",
            "Return $a without repeated values; the first of each stays.",
            "Which different values occur in $a? In the order they first appear.",
            "Given a list, drop every element that has occurred before.",
            "Each value of the list once, ordered by where it comes first.",
        ),
        body="return list(dict.fromkeys($a))",
        idea="use the keys of a dict, which are unique and keep their order",
        wrong=("return sorted(set($a))", "return [x for x in $a if $a.count(x) == 1]"),
    ),
    Family(
        key="list_collapse_runs",
        names=("collapse_runs", "squeeze", "drop_adjacent_repeats", "merge_equal_neighbours"),
        params=params(("items|values|xs|bits", "bits")),
        wordings=(
            "Remove every element of $a that equals the one right before it.",
            "Collapse each run of equal neighbours into a single element.",
            "The list without adjacent repeats; later returns of a value stay.",
            "Given a list, keep one element of each run of equal ones.",
            "Squeeze $a: equal values in a row become one.",
            "What remains when consecutive duplicates are merged?",
        ),
        body="""result = []
for x in $a:
    if not result or result[-1] != x:
        result.append(x)
return result""",
        idea="append an element only if it differs from the last kept one",
        wrong=(
            "return list(dict.fromkeys($a))",
            "return [x for x, y in zip($a, $a[1:]) if x != y]",
        ),
    ),
    Family(
        key="list_run_lengths",
        names=("run_lengths", "lengths_of_runs", "count_runs_sizes", "streak_lengths"),
        params=params(("items|values|xs|bits", "bits")),
        wordings=(
            "Return the lengths of the runs of equal neighbours in $a.",
            "How long is each block of equal consecutive values?",
            "The sizes of the maximal groups of equal adjacent elements, in order.",
            "Given a list, count the elements of every run.",
            "List how often each value repeats in a row before it changes.",
            "For [1, 1, 0] the answer is [2, 1]: the run lengths of $a.",
        ),
        body="""from itertools import groupby

return [len(list(group)) for _, group in groupby($a)]""",
        idea="group equal neighbours and measure each group",
        wrong=("return [$a.count(x) for x in dict.fromkeys($a)]",),
    ),
    Family(
        key="list_run_length_pairs",
        names=("run_length_encode", "encode_runs", "rle", "runs"),
        params=params(("items|values|xs|bits", "bits")),
        wordings=(
            "Encode $a as a list of (value, length) pairs, one for each run.",
            "Run-length encode a list into tuples of value and count.",
            "The runs of equal neighbours, each as its value and how often it repeats.",
            "Given a list, return tuples that tell each value and its number in a row.",
            "Compress $a: every block of equal elements becomes (element, size).",
            "Which values follow each other in $a, and how long does each last?",
        ),
        body="""result = []
for x in $a:
    if result and result[-1][0] == x:
        result[-1] = (x, result[-1][1] + 1)
    else:
        result.append((x, 1))
return result""",
        idea="extend the last pair on an equal value, otherwise start a new pair",
        wrong=("return [(x, $a.count(x)) for x in dict.fromkeys($a)]",),
    ),
)
