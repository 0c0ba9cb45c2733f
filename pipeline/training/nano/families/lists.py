"""Function families on lists: filters, maps, scans, windows, runs, searches and rearrangements."""

from pipeline.training.nano.family import Family, params

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
    Family(
        key="list_second_largest",
        names=("second_largest", "runner_up", "second_highest", "second_max"),
        params=params(("nums|values|scores|numbers", "ints")),
        wordings=(
            "Return the second largest distinct value in $a, or None if there is none.",
            "What is the greatest number below the maximum of $a? None without one.",
            "The runner-up: the largest element that is smaller than the maximum, else None.",
            "Given a list, find the second highest different value; None if there are not two.",
            "Find the biggest value of $a that is not the maximum, or return None.",
            "Leave out every copy of the maximum and return the maximum of the rest, or None.",
        ),
        body="""distinct = sorted(set($a))
return distinct[-2] if len(distinct) > 1 else None""",
        idea="sort the distinct values and take the last but one",
        wrong=("return sorted($a)[-2] if len($a) > 1 else None", "return max($a) if $a else None"),
    ),
    Family(
        key="list_kth_smallest",
        names=("kth_smallest", "smallest_number_$k", "rank_$k", "nth_smallest"),
        params=params(("nums|values|scores|numbers", "ints")),
        wordings=(
            "Return the element at place $k when $a is sorted (counted from 1), or None.",
            "What is number $k of the smallest elements of $a? None if there are fewer.",
            "Sort the list and take its element number $k, counting from 1; None if too short.",
            "Given a list, find the value of rank $k from below; repeats count; else None.",
            "The smallest element but ($k - 1) others, or None for a list shorter than $k.",
            "Find element $k of $a in ascending order, None if it does not exist.",
        ),
        consts={"k": (2, 3, 4)},
        body="""if len($a) < $k:
    return None
return sorted($a)[$k - 1]""",
        idea="sort and take index $k - 1 if it exists",
        wrong=(
            """if len($a) < $k:
    return None
return sorted($a)[-$k]""",
            """if len($a) <= $k:
    return None
return sorted($a)[$k]""",
        ),
    ),
    Family(
        key="list_argmax",
        names=("argmax", "index_of_max", "position_of_max", "where_max"),
        params=params(("nums|values|scores|numbers", "ints")),
        wordings=(
            "Return the index of the first maximum of $a, or -1 if it is empty.",
            "At which index does the largest element first stand? -1 for an empty list.",
            "The position of the greatest value, the leftmost on a tie, -1 without elements.",
            "Given a list, find where its maximum first occurs; -1 if there is nothing.",
            "Find the index of the biggest number in $a (-1 when $a is empty).",
            "Argmax: the first index with the highest value, or -1.",
        ),
        body="return $a.index(max($a)) if $a else -1",
        idea="look up the index of the maximum, -1 for an empty list",
        wrong=("return max($a) if $a else -1", "return $a.index(min($a)) if $a else -1"),
    ),
    Family(
        key="list_min_indices",
        names=("indices_of_min", "min_positions", "where_min", "positions_of_smallest"),
        params=params(("nums|values|scores|numbers", "ints")),
        wordings=(
            "Return all indices at which $a has its minimum.",
            "Where does the smallest element of a list stand? List every index.",
            "The positions of the minimum, ascending; none for an empty list.",
            "Given a list, find each index that holds the lowest value.",
            "List the places of all copies of the smallest number in $a.",
            "At which indices is $a as small as it gets?",
        ),
        body="return [i for i, x in enumerate($a) if x == min($a)]",
        idea="collect the indices of the elements equal to the minimum",
        wrong=(
            "return $a.index(min($a)) if $a else -1",
            "return [i for i, x in enumerate($a) if x == max($a)]",
        ),
    ),
    Family(
        key="list_count_above",
        names=("count_above", "how_many_above", "count_over_$k", "number_above_$k"),
        params=params(("nums|values|scores|numbers", "ints")),
        wordings=(
            "Count the elements of $a that are greater than $k.",
            "How many numbers in $a are above $k?",
            "The number of values that exceed $k.",
            "Given a list of numbers, return how many of them are over $k.",
            "Return the count of elements larger than $k.",
            "Find out how often an element of $a is more than $k.",
        ),
        consts={"k": (0, 1, 2, 3, 5, 8, 10)},
        body="return sum(x > $k for x in $a)",
        idea="sum the truth of the comparison",
        wrong=("return sum(x for x in $a if x > $k)", "return sum(x >= $k for x in $a)"),
    ),
    Family(
        key="list_count_others",
        names=("count_others", "count_different", "how_many_differ", "count_not_equal"),
        params=params(("items|values|xs|nums", "ints"), ("item|value|target", "small")),
        wordings=(
            "Count the elements of $a that differ from $b.",
            "How many elements of $a are not equal to $b?",
            "The number of values in a list other than $b.",
            "Given a list and a value, count everything that is not the value.",
            "Return the number of places at which $b does not stand.",
            "Find out how many entries remain when every $b is taken away.",
        ),
        body="return sum(x != $b for x in $a)",
        idea="count the elements unequal to $b",
        wrong=("return sum(x == $b for x in $a)", "return len($a) - 1"),
    ),
    Family(
        key="list_merge_sorted",
        names=("merge_sorted", "merge", "merge_lists", "combine_sorted"),
        params=params(("xs|left|first", "sorted_ints"), ("ys|right|second", "sorted_ints")),
        wordings=(
            "Merge two sorted lists into one sorted list.",
            "Return all elements of $a and $b, both sorted, in ascending order.",
            "The sorted combination of two ascending lists; repeats stay.",
            "Given ascending $a and $b, interleave them so that the result is ascending.",
            "Combine $a with $b into a single sorted list.",
            "What do two sorted lists give when they are merged in order?",
        ),
        body="""result = []
i = j = 0
while i < len($a) and j < len($b):
    if $a[i] <= $b[j]:
        result.append($a[i])
        i += 1
    else:
        result.append($b[j])
        j += 1
return result + $a[i:] + $b[j:]""",
        idea="take the smaller head each time, then append what is left",
        wrong=("return $a + $b", "return sorted(set($a + $b))"),
    ),
    Family(
        key="list_partition",
        names=("partition", "split_at_$k", "below_and_rest", "split_by_$k"),
        params=params(("nums|values|xs|numbers", "ints")),
        wordings=(
            "Split $a into the numbers below $k and the others, as a pair of lists.",
            "Return (smaller than $k, $k or more), each in the original order.",
            "Two lists in a tuple: what is less than $k, then what is not.",
            "Given numbers, separate those under $k from the rest; return both lists.",
            "Partition a list around $k: first the elements below it, then the remaining ones.",
            "Which elements are smaller than $k and which are not? Give both lists.",
        ),
        consts={"k": (0, 1, 3, 4, 5, 10)},
        body="""low = [x for x in $a if x < $k]
high = [x for x in $a if x >= $k]
return low, high""",
        idea="filter twice with opposite conditions",
        wrong=(
            """low = [x for x in $a if x < $k]
high = [x for x in $a if x > $k]
return low, high""",
            """low = [x for x in $a if x < $k]
high = [x for x in $a if x >= $k]
return high, low""",
        ),
    ),
    Family(
        key="list_evens_odds",
        names=("evens_then_odds", "evens_first", "sort_by_parity", "group_parity"),
        params=params(("nums|values|xs|numbers", "ints")),
        wordings=(
            "Put the even numbers of $a first, then the odd ones, each in original order.",
            "Reorder a list so that the evens precede the odds.",
            "The even elements followed by the odd elements.",
            "Given integers, move all odd ones behind the even ones without other changes.",
            "Sort $a by parity only: even before odd, otherwise stable.",
            "What is $a when its odd numbers go to the back, in order?",
        ),
        body="return [x for x in $a if x % 2 == 0] + [x for x in $a if x % 2]",
        idea="concatenate the even elements and the odd elements",
        wrong=(
            "return [x for x in $a if x % 2] + [x for x in $a if x % 2 == 0]",
            "return sorted($a)",
        ),
    ),
    Family(
        key="list_zip_sum",
        names=("add_lists", "pairwise_sum", "elementwise_sum", "add_elementwise"),
        params=params(("xs|left|first", "ints"), ("ys|right|second", "ints")),
        wordings=(
            "Add $a and $b element by element, up to the end of the shorter list.",
            "Return the sums of the elements at equal indices.",
            "The elementwise sum of two lists; what is longer is cut off.",
            "Given two lists, add what stands at the same place in both.",
            "What are $a[0] + $b[0], $a[1] + $b[1] and so on, while both have elements?",
            "Pair up the elements of $a and $b and list the sum of each pair.",
        ),
        body="return [x + y for x, y in zip($a, $b)]",
        idea="zip the lists and add the pairs",
        wrong=("return $a + $b", "return [x * y for x, y in zip($a, $b)]"),
    ),
    Family(
        key="list_zip_larger",
        names=("larger_of_each", "pairwise_max", "elementwise_max", "best_of_both"),
        params=params(("xs|left|first", "ints"), ("ys|right|second", "ints")),
        wordings=(
            "Return the larger of the two elements at each index that both lists have.",
            "The elementwise maximum of $a and $b, as long as the shorter one.",
            "Compare $a and $b place by place and keep the greater number.",
            "Given two lists, list the maximum of every pair of elements with equal index.",
            "Which is larger at each position, the element of $a or that of $b?",
            "Pick the bigger value of each pair ($a[i], $b[i]).",
        ),
        body="return [max(x, y) for x, y in zip($a, $b)]",
        idea="zip the lists and take the maximum of each pair",
        wrong=("return [min(x, y) for x, y in zip($a, $b)]", "return max($a, $b)"),
    ),
    Family(
        key="list_matches",
        names=("count_matches", "same_positions", "agreements", "equal_places"),
        params=params(("xs|left|guess", "bits"), ("ys|right|answer", "bits")),
        wordings=(
            "Count the indices at which $a and $b have equal elements.",
            "At how many positions do the two lists agree?",
            "The number of places where both lists hold the same value.",
            "Given two lists, count the matches at equal indices; extra elements are ignored.",
            "Compare $a with $b place by place and return how many are equal.",
            "How many i have $a[i] == $b[i]?",
        ),
        body="return sum(x == y for x, y in zip($a, $b))",
        idea="zip and count the equal pairs",
        wrong=("return sum(x != y for x, y in zip($a, $b))", "return sum(x in $b for x in $a)"),
    ),
    Family(
        key="list_pairs_sum",
        names=("count_pairs_sum", "pairs_with_sum", "pairs_with_sum_$k", "pair_count"),
        params=params(("nums|values|xs|numbers", "pos_ints")),
        wordings=(
            "Count the pairs of indices i < j for which the elements of $a sum to $k.",
            "How many pairs of elements at different places add up to $k?",
            "The number of ways to choose two elements whose sum is $k.",
            "Given numbers, count the pairs (each counted once) with the sum $k.",
            "Return how often two different positions of $a hold numbers with total $k.",
            "Find the number of two-element choices from $a that give exactly $k.",
        ),
        consts={"k": (6, 8, 10, 12, 15, 20)},
        body="""from itertools import combinations

return sum(x + y == $k for x, y in combinations($a, 2))""",
        idea="check the sum of every combination of two elements",
        wrong=(
            "return sum(x + y == $k for x in $a for y in $a)",
            "return sum(x + y == $k for x, y in zip($a, $a[1:]))",
        ),
    ),
    Family(
        key="list_longest_equal_run",
        names=("longest_run", "longest_streak", "max_repeat", "longest_equal_run"),
        params=params(("items|values|xs|bits", "bits")),
        wordings=(
            "Return the length of the longest run of equal consecutive elements in $a.",
            "How many equal elements stand in a row at most? 0 for an empty list.",
            "The size of the largest block of equal neighbours.",
            "Given a list, find the longest streak of one repeated value.",
            "Find how often a value repeats in a row at best (0 without elements).",
            "Measure the longest stretch of $a in which nothing changes.",
        ),
        body="""from itertools import groupby

return max((len(list(g)) for _, g in groupby($a)), default=0)""",
        idea="group equal neighbours and take the greatest length",
        wrong=("return max(($a.count(x) for x in $a), default=0)",),
    ),
    Family(
        key="list_longest_increasing_run",
        names=("longest_climb", "longest_rise", "longest_increasing_run", "best_ascent"),
        params=params(("nums|values|xs|heights", "ints")),
        wordings=(
            "Return the length of the longest strictly increasing run of neighbours in $a.",
            "How many consecutive elements rise from each to the next at most? 0 if empty.",
            "The longest contiguous ascending part of a list, as its length.",
            "Given numbers, measure the longest slice in which each exceeds the one before.",
            "Find the greatest number of elements in a row that strictly increase.",
            "How long is the longest climb in $a? One element counts 1, none 0.",
        ),
        body="""best = current = 0
for i, x in enumerate($a):
    current = current + 1 if i and x > $a[i - 1] else 1
    best = max(best, current)
return best""",
        idea="extend the run while the numbers rise, otherwise restart at 1",
        wrong=(
            """best = current = 0
for i, x in enumerate($a):
    current = current + 1 if i and x > $a[i - 1] else 0
    best = max(best, current)
return best""",
            "return sum(y > x for x, y in zip($a, $a[1:]))",
        ),
    ),
    Family(
        key="list_median_low",
        names=("median", "middle_value", "lower_median", "median_low"),
        params=params(("nums|values|xs|numbers", "ints1")),
        wordings=(
            "Return the middle element of $a when sorted, the lower one of two.",
            "The lower median of a non-empty list.",
            "Which number stands in the middle of the sorted list? Of two, the smaller.",
            "Given numbers, sort them and take the middle (the left one for an even count).",
            "Find the median of $a; with an even count, the smaller of both middle values.",
            "The value with as many elements before as after it in sorted order, the lower of two.",
        ),
        body="return sorted($a)[(len($a) - 1) // 2]",
        idea="sort and take the index (n - 1) // 2",
        wrong=("return sorted($a)[len($a) // 2]", "return $a[(len($a) - 1) // 2]"),
    ),
    Family(
        key="list_median_mean",
        names=("median", "true_median", "median_value", "exact_median"),
        params=params(("nums|values|xs|numbers", "ints1")),
        wordings=(
            "Return the median of $a, the mean of the two middle values for an even count.",
            "The median of a non-empty list; two middle elements are averaged.",
            "What is the median of $a? Of an even number of values it is a half sum (a float).",
            "Given numbers, sort them and return the middle or the average of both middle ones.",
            "Find the middle of the sorted values, halfway between two if the count is even.",
            "Compute the statistical median of a list that is not empty.",
        ),
        body="""ordered = sorted($a)
mid = len(ordered) // 2
if len(ordered) % 2:
    return ordered[mid]
return (ordered[mid - 1] + ordered[mid]) / 2""",
        idea="sort, then take the middle or average the two middle values",
        wrong=(
            "return sorted($a)[len($a) // 2]",
            """mid = len($a) // 2
if len($a) % 2:
    return $a[mid]
return ($a[mid - 1] + $a[mid]) / 2""",
        ),
    ),
    Family(
        key="list_flatten_from",
        names=("flatten_above", "flatten_and_filter", "join_large", "flat_at_least"),
        params=params(("lists|groups|nested|parts", "nested")),
        wordings=(
            "Flatten a list of lists, but leave out the numbers below $k.",
            "Return all numbers of the inner lists of $a that are at least $k, in one list.",
            "One flat list of the elements in $a that are $k or more.",
            "Given nested lists, concatenate them and drop what is smaller than $k.",
            "Which numbers from $k up are in the inner lists? List them in order.",
            "Join the lists in $a to a single one without elements under $k.",
        ),
        consts={"k": (-5, -2, 0, 1, 2, 3)},
        body="return [x for part in $a for x in part if x >= $k]",
        idea="loop over the parts, then over their elements from $k up",
        wrong=(
            "return [x for part in $a for x in part if x < $k]",
            "return [x for part in $a for x in part]",
        ),
    ),
    Family(
        key="list_interleave",
        names=("interleave", "alternate", "weave", "zip_together"),
        params=params(("xs|left|first", "ints"), ("ys|right|second", "ints")),
        wordings=(
            "Interleave $a and $b: take turns, then append what the longer list has left.",
            "Return the elements of both lists alternately, starting with $a.",
            "Weave two lists together; leftover elements follow at the end.",
            "Given two lists, take one from each in turn until both are used up.",
            "Alternate between the elements of $a and those of $b.",
            "$a[0], $b[0], $a[1], $b[1] and so on; the rest of the longer one comes last.",
        ),
        body="""result = []
for i in range(max(len($a), len($b))):
    result += $a[i : i + 1] + $b[i : i + 1]
return result""",
        idea="for each index append what either list has there",
        wrong=("return [x for pair in zip($a, $b) for x in pair]", "return $a + $b"),
    ),
    Family(
        key="list_insert_sorted",
        names=("insert_sorted", "insert_in_order", "add_sorted", "insort"),
        params=params(("nums|ordered|xs|values", "sorted_ints"), ("n|item|new", "int")),
        wordings=(
            "Insert $b into the sorted list $a so that it stays sorted; return a new list.",
            "Return ascending $a with $b put in its right place.",
            "The sorted list of all elements of $a and $b.",
            "Given an ascending list and a number, add the number where it belongs.",
            "What is $a once $b stands between the smaller and the larger elements?",
            "Put $b in front of the first greater element of a sorted list.",
        ),
        body="""i = 0
while i < len($a) and $a[i] <= $b:
    i += 1
return $a[:i] + [$b] + $a[i:]""",
        idea="find the first greater element and insert before it",
        wrong=("return $a + [$b]", "return [$b] + $a"),
    ),
    Family(
        key="list_binary_search",
        names=("binary_search", "lower_bound", "insertion_index", "first_not_less"),
        params=params(("nums|ordered|xs|values", "sorted_ints"), ("n|item|target", "int")),
        wordings=(
            "Return the index of the first element of sorted $a that is not less than $b.",
            "At which index would $b be inserted in ascending $a, before equal elements?",
            "The number of elements of a sorted list below $b, found by halving.",
            "Given a sorted list, find the leftmost place for $b by binary search.",
            "Find the lower bound of $b in $a; the length if all elements are smaller.",
            "Search by bisection for the first position with a value of at least $b.",
        ),
        body="""low, high = 0, len($a)
while low < high:
    mid = (low + high) // 2
    if $a[mid] < $b:
        low = mid + 1
    else:
        high = mid
return low""",
        idea="halve the range, going right while the middle is less",
        wrong=(
            """low, high = 0, len($a)
while low < high:
    mid = (low + high) // 2
    if $a[mid] <= $b:
        low = mid + 1
    else:
        high = mid
return low""",
            "return $a.index($b) if $b in $a else -1",
        ),
    ),
    Family(
        key="list_find_index",
        names=("find_index", "index_of", "position_of", "locate"),
        params=params(("items|values|nums|xs", "ints"), ("n|item|target", "small")),
        wordings=(
            "Return the first index of $b in $a, or -1 if it is not there.",
            "At which index does $b first occur? -1 if it does not.",
            "The position of the first $b in a list, -1 without one.",
            "Given a list and a value, find where the value first stands; -1 if missing.",
            "Search $a from the left for $b and return the index or -1.",
            "Look up the place of $b, with -1 for 'not found'.",
        ),
        body="""for i, x in enumerate($a):
    if x == $b:
        return i
return -1""",
        idea="go through the indices and stop at the first match",
        wrong=("return $a.index($b)", "return 0 if $b in $a else -1"),
    ),
    Family(
        key="list_bubble_pass",
        names=("bubble_pass", "bubble_once", "one_pass", "sort_pass"),
        params=params(("nums|values|xs|numbers", "ints")),
        wordings=(
            "Make one bubble sort pass over $a and return the resulting list.",
            "Go through $a once from the left, swapping neighbours in the wrong order.",
            "The list after a single pass of bubble sort: the maximum ends up last.",
            "Given a list, swap each adjacent pair that is not ascending, once, left to right.",
            "What does one sweep of bubble sort turn $a into?",
            "Carry the larger of each two neighbours on to the right, once over the list.",
        ),
        body="""result = list($a)
for i in range(len(result) - 1):
    if result[i] > result[i + 1]:
        result[i], result[i + 1] = result[i + 1], result[i]
return result""",
        idea="swap neighbours in the wrong order, once from left to right",
        wrong=("return sorted($a)",),
    ),
    Family(
        key="list_count_inversions",
        names=("count_inversions", "inversions", "disorder", "out_of_order_pairs"),
        params=params(("nums|values|xs|numbers", "ints")),
        wordings=(
            "Count the pairs i < j with $a[i] > $a[j].",
            "How many pairs of elements are in the wrong order for ascending?",
            "The number of inversions of a list.",
            "Given a list, count how often a larger element stands somewhere before a smaller.",
            "Return how many swaps of neighbours bubble sort needs for $a.",
            "Measure the disorder of $a: the pairs whose first element is the greater one.",
        ),
        body="""from itertools import combinations

return sum(x > y for x, y in combinations($a, 2))""",
        idea="count the pairs whose earlier element is greater",
        wrong=(
            "return sum(x > y for x, y in zip($a, $a[1:]))",
            """from itertools import combinations

return sum(x >= y for x, y in combinations($a, 2))""",
        ),
    ),
    Family(
        key="list_local_peaks",
        names=("peaks", "local_peaks", "find_peaks", "local_maxima"),
        params=params(("nums|heights|xs|values", "ints")),
        wordings=(
            "Return the elements of $a that are greater than both neighbours; the ends never are.",
            "The local peaks of a list, first and last element excluded.",
            "Which inner elements exceed the one before and the one after?",
            "Given heights, list every height higher than its two neighbours.",
            "List the values that stick out above both sides, in order.",
            "Find the local maxima of $a, not counting its ends.",
        ),
        body="return [y for x, y, z in zip($a, $a[1:], $a[2:]) if x < y > z]",
        idea="look at all triples of neighbours",
        wrong=(
            "return [y for x, y, z in zip($a, $a[1:], $a[2:]) if x > y < z]",
            "return [y for x, y, z in zip($a, $a[1:], $a[2:]) if x <= y >= z]",
        ),
    ),
    Family(
        key="list_valley_indices",
        names=("valleys", "valley_indices", "dips", "local_minima_indices"),
        params=params(("nums|heights|xs|values", "ints")),
        wordings=(
            "Return the indices of the elements of $a that are less than both neighbours.",
            "At which inner indices does a list have a local minimum?",
            "The places where $a dips: smaller than the element before and the one after.",
            "Given heights, find the index of each valley; the two ends do not count.",
            "List every i with $a[i - 1] > $a[i] < $a[i + 1].",
            "Find where $a has a value lower than the values on both sides.",
        ),
        body="return [i for i in range(1, len($a) - 1) if $a[i - 1] > $a[i] < $a[i + 1]]",
        idea="compare each inner element with both neighbours",
        wrong=(
            "return [i for i in range(1, len($a) - 1) if $a[i - 1] < $a[i] > $a[i + 1]]",
            "return [$a[i] for i in range(1, len($a) - 1) if $a[i - 1] > $a[i] < $a[i + 1]]",
        ),
    ),
    Family(
        key="list_alternating_sum",
        names=("alternating_sum", "plus_minus", "alternate_signs_sum", "zigzag_sum"),
        params=params(("nums|values|xs|numbers", "ints")),
        wordings=(
            "Return the first element minus the second plus the third and so on.",
            "The alternating sum of $a: even indices count plus, odd ones minus.",
            "Add and subtract the elements of a list in turn, starting with plus; 0 if empty.",
            "Given numbers, subtract the sum at odd indices from the sum at even indices.",
            "What is $a[0] - $a[1] + $a[2] - ...?",
            "Sum up $a with signs +, -, +, - and so on.",
        ),
        body="return sum($a[::2]) - sum($a[1::2])",
        idea="subtract the sum at odd indices from that at even indices",
        wrong=("return sum($a[1::2]) - sum($a[::2])", "return $a[0] - sum($a[1:])"),
    ),
    Family(
        key="list_every_kth",
        names=("every_$k", "every_nth", "pick_every_$k", "take_each_$k"),
        params=params(("items|values|xs|nums", "ints")),
        wordings=(
            "Return every $k-th element of $a, starting with the first.",
            "The elements at the indices 0, $k, 2 * $k and so on.",
            "Keep the first element, skip $k - 1, keep the next, and so on.",
            "Given a list, pick the elements whose index is a multiple of $k.",
            "Which elements of $a stand at indices divisible by $k?",
            "Thin out a list: one element of every $k stays, the first of them.",
        ),
        consts={"k": (2, 3, 4)},
        body="return $a[::$k]",
        idea="slice with step $k",
        wrong=("return $a[$k - 1 :: $k]", "return [x for x in $a if x % $k == 0]"),
    ),
    Family(
        key="list_drop_ends",
        names=("trim_$k", "drop_ends", "without_ends", "strip_ends"),
        params=params(("items|values|xs|nums", "ints")),
        wordings=(
            "Remove the first $k and the last $k elements of $a.",
            "Return the inner part of a list, without $k elements at either end.",
            "Cut $k elements off both ends; [] if nothing is left.",
            "Given a list, drop $k from the front and $k from the back.",
            "What remains of $a without $k elements on each side?",
            "The list from index $k on, up to $k before the end.",
        ),
        consts={"k": (1, 2, 3)},
        body="return $a[$k:-$k]",
        idea="slice from $k to -$k",
        wrong=("return $a[$k:]", "return $a[:-$k]"),
    ),
    Family(
        key="list_trimmed_sum",
        names=("trimmed_sum", "sum_without_extremes", "middle_sum", "judged_total"),
        params=params(("nums|scores|xs|values", "ints")),
        wordings=(
            "Sum $a without one maximum and one minimum; 0 for fewer than three elements.",
            "Return the total of the scores after the best and the worst one are dropped.",
            "The sum of all but one largest and one smallest element (0 if none are left).",
            "Given scores, leave out the highest and the lowest once each and add the rest.",
            "What do the elements of $a add up to, apart from one lowest and one highest?",
            "Drop the two extremes of $a and add up what remains.",
        ),
        body="return sum(sorted($a)[1:-1])",
        idea="sort, cut both ends off and sum",
        wrong=("return sum($a[1:-1])", "return sum($a) - max($a) - min($a)"),
    ),
    Family(
        key="list_remove_first",
        names=("remove_first_$k", "remove_one_$k", "without_first_$k", "drop_first_$k"),
        params=params(("items|values|xs|nums", "bits")),
        wordings=(
            "Remove the first $k from $a, if there is one, and return the new list.",
            "Return the list without its leftmost element equal to $k.",
            "The elements of $a but one: the first $k goes, later ones stay.",
            "Given a list, delete only the first occurrence of $k; change nothing without one.",
            "What is left when a single $k, the first, is taken out of $a?",
            "Take out the earliest $k; a list without it stays as it is.",
        ),
        consts={"k": (0, 1)},
        body="""if $k not in $a:
    return $a
i = $a.index($k)
return $a[:i] + $a[i + 1 :]""",
        idea="cut around the index of the first $k",
        wrong=("return [x for x in $a if x != $k]", "return $a[1:]"),
    ),
    Family(
        key="list_replace",
        names=("replace_all", "replace_value", "swap_value", "substitute"),
        params=params(("items|values|xs|nums", "bits"), ("new|n|replacement", "int")),
        wordings=(
            "Replace every $k in $a by $b.",
            "Return the list with $b in the place of each $k.",
            "The elements of $a, but each $k becomes $b.",
            "Given a list, put $b wherever there is a $k.",
            "What does $a look like when all its ${k}s turn into $b?",
            "Change each element equal to $k to $b and keep the others.",
        ),
        consts={"k": (0, 1)},
        body="return [$b if x == $k else x for x in $a]",
        idea="choose $b for each element equal to $k",
        wrong=("return [x if x == $k else $b for x in $a]", "return [$b for x in $a if x == $k]"),
    ),
    Family(
        key="list_cap",
        names=("cap_at_$k", "cap", "limit_all", "at_most_$k"),
        params=params(("nums|values|xs|numbers", "ints")),
        wordings=(
            "Replace every element of $a above $k by $k.",
            "Return the list with each number limited to at most $k.",
            "The smaller of each element and $k, as a list.",
            "Given numbers, cap all of them at $k.",
            "What becomes of $a when nothing may exceed $k?",
            "Cut off what is over $k at $k; smaller numbers stay.",
        ),
        consts={"k": (0, 1, 2, 3, 5, 8, 10)},
        body="return [min(x, $k) for x in $a]",
        idea="take the minimum of each element and $k",
        wrong=("return [max(x, $k) for x in $a]", "return [x for x in $a if x <= $k]"),
    ),
    Family(
        key="list_is_sorted",
        names=("is_sorted", "is_ascending", "in_order", "never_falls"),
        params=params(("nums|values|xs|numbers", "ints")),
        wordings=(
            "Return True if $a is in ascending order; equal neighbours are fine.",
            "Is no element of $a smaller than the one before it?",
            "Whether a list is sorted from small to large (the empty list is).",
            "Check that the elements of $a never go down.",
            "Given numbers, tell whether they are already sorted.",
            "True when sorting $a would change nothing.",
        ),
        body="return all(x <= y for x, y in zip($a, $a[1:]))",
        idea="compare all neighbours",
        wrong=("return all(x < y for x, y in zip($a, $a[1:]))", "return $a == sorted($a)[::-1]"),
    ),
    Family(
        key="list_first_repeat",
        names=("first_repeat", "first_duplicate", "first_seen_again", "earliest_repeat"),
        params=params(("items|values|xs|nums", "ints")),
        wordings=(
            "Return the first element of $a that has occurred before, or None.",
            "Which value is the first to come a second time? None if all differ.",
            "The element at which a list repeats itself for the first time, else None.",
            "Given a list, go from the left and return the first value seen already, or None.",
            "Find the first duplicate in $a, by the place of its second copy; None without one.",
            "Scan $a and stop at the first repeated element; None if there is none.",
        ),
        body="""seen = set()
for x in $a:
    if x in seen:
        return x
    seen.add(x)
return None""",
        idea="remember the seen elements and stop at the first known one",
        wrong=(
            """for x in $a:
    if $a.count(x) == 1:
        return x
return None""",
            """seen = set()
for x in $a:
    seen.add(x)
    if x in seen:
        return x
return None""",
        ),
    ),
    Family(
        key="list_common",
        names=("common", "shared_elements", "intersection", "in_both"),
        params=params(("xs|left|first", "pos_ints"), ("ys|right|second", "pos_ints")),
        wordings=(
            "Return the distinct values that occur in both lists, in ascending order.",
            "Which numbers do $a and $b have in common? Sorted, each once.",
            "The sorted intersection of two lists.",
            "Given two lists, list every value found in each of them, once and ascending.",
            "Find the elements shared by $a and $b, without repeats, smallest first.",
            "Intersect $a with $b and sort the result.",
        ),
        body="return sorted(set($a) & set($b))",
        idea="intersect the sets and sort",
        wrong=("return sorted(set($a) | set($b))", "return [x for x in $a if x in $b]"),
    ),
    Family(
        key="list_difference",
        names=("without", "minus", "not_in", "subtract_list"),
        params=params(("xs|items|values", "ints"), ("ys|banned|excluded", "ints")),
        wordings=(
            "Return the elements of $a that do not occur in $b, in order.",
            "Remove everything from $a that is also in $b.",
            "The part of the first list that the second does not contain; repeats stay.",
            "Given two lists, keep what only the first of them has.",
            "Which elements of $a are missing in $b?",
            "Filter $a by a list of values to leave out.",
        ),
        body="return [x for x in $a if x not in $b]",
        idea="keep the elements that are not in $b",
        wrong=("return [x for x in $a if x in $b]", "return [x for x in $b if x not in $a]"),
    ),
    Family(
        key="list_sum_above",
        names=("sum_where", "sum_above", "sum_above_$k", "total_over_$k"),
        params=params(("nums|values|xs|numbers", "ints")),
        wordings=(
            "Return the sum of the elements of $a that are greater than $k.",
            "Add up only the numbers above $k.",
            "The total of all values over $k, 0 if there is none.",
            "Given numbers, sum those that exceed $k.",
            "What do the elements of $a larger than $k come to?",
            "Ignore everything up to $k in $a and add the rest.",
        ),
        consts={"k": (0, 1, 2, 4, 5, 8, 10)},
        body="return sum(x for x in $a if x > $k)",
        idea="sum the elements greater than $k",
        wrong=("return sum(x > $k for x in $a)", "return sum(x for x in $a if x < $k)"),
    ),
    Family(
        key="list_count_changes",
        names=("count_changes", "changes", "switches", "count_transitions"),
        params=params(("items|values|xs|bits", "bits")),
        wordings=(
            "Count how often an element of $a differs from the one before.",
            "How many times does the value change along $a?",
            "The number of neighbours that are not equal.",
            "Given a list, count the places where it switches to another value.",
            "Return the number of changes from one element to the next.",
            "Find how many adjacent pairs of $a consist of two different values.",
        ),
        body="return sum(x != y for x, y in zip($a, $a[1:]))",
        idea="count the unequal neighbours",
        wrong=("return sum(x == y for x, y in zip($a, $a[1:]))", "return len(set($a)) - 1"),
    ),
    Family(
        key="list_swap_neighbours",
        names=("swap_pairs", "swap_neighbours", "exchange_pairs", "flip_pairs"),
        params=params(("items|values|xs|nums", "ints")),
        wordings=(
            "Swap the first two elements of $a, the next two, and so on.",
            "Return the list with each pair of elements exchanged; a last odd one stays.",
            "The elements of $a with indices 0 and 1, 2 and 3, ... exchanged.",
            "Given a list, flip every consecutive pair.",
            "What is $a when its elements change places two by two?",
            "Exchange neighbours pairwise, leaving a single last element alone.",
        ),
        body="""result = list($a)
for i in range(0, len(result) - 1, 2):
    result[i], result[i + 1] = result[i + 1], result[i]
return result""",
        idea="swap at every even index that has a right neighbour",
        wrong=(
            """result = list($a)
for i in range(len(result) - 1):
    result[i], result[i + 1] = result[i + 1], result[i]
return result""",
            "return $a[::-1]",
        ),
    ),
)
