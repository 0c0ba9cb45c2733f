"""Function families on dicts, sets, pairs and records."""

from pipeline.nano.family import Family, params

FAMILIES: tuple[Family, ...] = (
    Family(
        key="dict_invert",
        names=("invert", "invert_dict", "swap_keys_values", "flip_mapping", "reverse_lookup"),
        params=params(("d|mapping|table|names", "int_str")),
        wordings=(
            "Swap the keys and values of $a; on equal values the last key wins.",
            "Return the inverse of a dict, from value to key.",
            "Invert $a: each value becomes a key.",
            "Given a mapping, build the mapping from its values back to its keys.",
            "Turn the dict around, so that values lead to keys (a later key replaces an earlier).",
            "Which key belongs to each value of $a? Answer with a dict.",
        ),
        body="return {v: k for k, v in $a.items()}",
        idea="swap key and value in a dict comprehension",
        wrong=("return {k: v for k, v in $a.items()}",),
    ),
    Family(
        key="dict_filter_above",
        names=("values_above", "filter_by_value", "keep_above", "above_limit"),
        params=params(("d|scores|prices|counts", "str_int"), ("limit|n|low|bound", "int")),
        wordings=(
            "Keep the entries of $a whose value is greater than $b.",
            "Return a dict with only the items above $b.",
            "Drop every key of $a whose value is at most $b.",
            "Given a dict and a number, keep the pairs with a value over that number.",
            "Which entries have a value greater than $b? Return them as a dict.",
            "The part of $a with values strictly above $b.",
        ),
        body="return {k: v for k, v in $a.items() if v > $b}",
        idea="keep the items with a value above $b",
        wrong=(
            "return {k: v for k, v in $a.items() if v < $b}",
            "return [k for k, v in $a.items() if v > $b]",
        ),
    ),
    Family(
        key="dict_filter_at_least",
        names=("at_least_$k", "keep_at_least_$k", "filter_from_$k", "entries_from_$k"),
        params=params(("d|scores|prices|stock", "str_int")),
        wordings=(
            "Keep the entries of $a with a value of at least $k.",
            "Return a dict of the items whose value is $k or more.",
            "Drop all entries with a value below $k.",
            "Which items of $a have a value >= $k? Give them as a dict.",
            "Given a dict of numbers, remove everything smaller than $k.",
            "The entries whose value reaches $k.",
        ),
        consts={"k": (0, 1, 2, 3, 5, 7, 8, 10, 12)},
        body="return {k: v for k, v in $a.items() if v >= $k}",
        idea="keep the items with a value of $k or more",
        wrong=("return {k: v for k, v in $a.items() if v <= $k}",),
    ),
    Family(
        key="dict_total",
        names=("total", "sum_values", "total_value", "add_up"),
        params=params(("d|prices|counts|stock", "str_int")),
        wordings=(
            "Return the sum of the values of $a.",
            "Add up all values in a dict.",
            "What do the values of $a come to in total?",
            "The total of a dict's values; 0 for an empty dict.",
            "Given a dict of numbers, sum them.",
            "Total over all keys of $a.",
        ),
        body="return sum($a.values())",
        idea="sum the values",
        wrong=("return len($a)", "return max($a.values(), default=0)"),
    ),
    Family(
        key="dict_top_key",
        names=("top_key", "best_name", "argmax_key", "key_of_max", "winner"),
        params=params(("d|scores|counts|points", "str_int")),
        wordings=(
            "Return the key of $a with the largest value, or None if it is empty.",
            "Which key has the highest value? None for an empty dict; first key on a tie.",
            "The name with the best score, None without any.",
            "Find the key whose value is greatest (None if there are no keys).",
            "Given a dict of scores, name the winner, or None.",
            "Look up the key that the maximum value of $a belongs to, else None.",
        ),
        body="return max($a, key=$a.get, default=None)",
        idea="take the max of the keys by their values",
        wrong=("return max($a, default=None)", "return min($a, key=$a.get, default=None)"),
    ),
    Family(
        key="dict_low_key",
        names=("lowest_key", "cheapest", "key_of_min", "argmin_key"),
        params=params(("prices|d|costs|scores", "str_int")),
        wordings=(
            "Return the key with the smallest value, or '' for an empty dict.",
            "Which key of $a has the lowest value? '' if there is none; first on a tie.",
            "The cheapest item of a price table, '' if the table is empty.",
            "Find the key whose value is least; an empty dict gives ''.",
            "Given $a, name the entry with the minimum value, or ''.",
            "Key of the minimum value ('' for {}).",
        ),
        body="""return min($a, key=$a.get, default="")""",
        idea="take the min of the keys by their values",
        wrong=("""return min($a, default="")""", """return min($a.values(), default="")"""),
    ),
    Family(
        key="dict_merge_sum",
        names=("merge_sum", "add_dicts", "combine_counts", "merge_counts"),
        params=params(("a|first|left|x", "str_int"), ("b|second|right|y", "str_int")),
        wordings=(
            "Merge $a and $b, adding the values of keys that are in both.",
            "Return a dict with the sums of two dicts, key by key.",
            "Combine two count tables; common keys get the sum of their values.",
            "Given two dicts of numbers, add them together key by key.",
            "The union of $a and $b where shared keys have their values added.",
            "What are the total counts over $a and $b?",
        ),
        body="""total = dict($a)
for k, v in $b.items():
    total[k] = total.get(k, 0) + v
return total""",
        idea="copy $a and add the values of $b",
    ),
    Family(
        key="dict_merge_right",
        names=("merge", "merge_dicts", "override", "update_with"),
        params=params(
            ("base|defaults|first|old", "str_int"), ("extra|changes|second|new", "str_int")
        ),
        wordings=(
            "Merge two dicts; on a common key the value of $b wins.",
            "Return $a updated with the entries of $b, changing neither.",
            "All entries of $a and $b, those of $b taking precedence.",
            "Given two dicts, combine them so that the second overrides the first.",
            "What does $a look like after it is updated from $b?",
            "Overlay $b on $a and return the result.",
        ),
        body="return {**$a, **$b}",
        idea="unpack both dicts, $b last",
        wrong=("return $a",),
    ),
    Family(
        key="dict_group_first",
        names=("group_by_first", "by_first_letter", "index_by_initial", "group_by_initial"),
        params=params(("words|names|items|terms", "words")),
        wordings=(
            "Group the words by their first letter.",
            "Return a dict from first letter to the list of words in $a that start with it.",
            "Build an index of $a: initial letter -> words, in order.",
            "Given some words, collect them under their initial.",
            "Which words start with which letter? Answer with a dict of lists.",
            "A dict that sorts the words of $a into lists by first letter.",
        ),
        body="""groups = {}
for w in $a:
    groups.setdefault(w[0], []).append(w)
return groups""",
        idea="append each word to the list under its first letter",
        wrong=(
            """groups = {}
for w in $a:
    groups[w[0]] = [w]
return groups""",
            """groups = {}
for w in $a:
    groups.setdefault(w[-1], []).append(w)
return groups""",
        ),
    ),
    Family(
        key="dict_group_length",
        names=("group_by_length", "by_length", "words_by_length", "length_index"),
        params=params(("words|names|items|terms", "words")),
        wordings=(
            "Group the words by their length.",
            "Return a dict from length to the list of words in $a of that length.",
            "Collect the words of $a in lists, one for each word length.",
            "Given words, build a dict whose keys are lengths and whose values are lists of words.",
            "Which words have which length? Answer with a dict of lists.",
            "Index $a by word length, keeping the order of the words.",
        ),
        body="""groups = {}
for w in $a:
    groups.setdefault(len(w), []).append(w)
return groups""",
        idea="append each word to the list under its length",
        wrong=(
            """groups = {}
for w in $a:
    groups[len(w)] = w
return groups""",
        ),
    ),
    Family(
        key="dict_count_words",
        names=("count_words", "word_counts", "word_frequencies", "tally_words"),
        params=params(("text|s|sentence|line", "text")),
        wordings=(
            "Count how often each word occurs in $a, as a dict.",
            "Return a dict from word to number of occurrences.",
            "How many times does each word of the sentence appear?",
            "The word frequencies of $a; {} for an empty text.",
            "Given a sentence, tally its words.",
            "Build a dict of the words in $a and their counts.",
        ),
        body="""counts = {}
for w in $a.split():
    counts[w] = counts.get(w, 0) + 1
return counts""",
        idea="add one per word in a dict",
        wrong=(
            """counts = {}
for c in $a:
    counts[c] = counts.get(c, 0) + 1
return counts""",
        ),
    ),
    Family(
        key="dict_count_letters",
        names=("count_letters", "letter_counts", "char_frequencies", "histogram"),
        params=params(("word|s|name|letters", "word")),
        wordings=(
            "Count how often each letter occurs in $a, as a dict.",
            "Return a dict from letter to its number of occurrences in the word.",
            "The letter histogram of $a, in order of first appearance.",
            "How many times does every letter of $a appear?",
            "Given a word, build a dict of character frequencies.",
            "Tally the characters of a word.",
        ),
        body="""counts = {}
for c in $a:
    counts[c] = counts.get(c, 0) + 1
return counts""",
        idea="add one per character in a dict",
        wrong=("return {c: 1 for c in $a}",),
    ),
    Family(
        key="dict_count_items",
        names=("tally", "count_items", "frequencies", "occurrences"),
        params=params(("nums|values|xs|items", "ints")),
        wordings=(
            "Count how often each number occurs in $a.",
            "Return a dict from value to number of occurrences.",
            "The frequency table of a list of numbers.",
            "How many times is each element found in $a? Return a dict.",
            "Given numbers, map each different one to its count.",
            "Tally $a into a dict.",
        ),
        body="return {x: $a.count(x) for x in $a}",
        idea="map each value to its count",
        wrong=("return {$a.count(x): x for x in $a}", "return {x: $a.index(x) for x in $a}"),
    ),
    Family(
        key="dict_lookup_default",
        names=("lookup_or_$k", "value_or_$k", "get_or_$k", "find_or_$k"),
        params=params(("d|prices|scores|table", "str_int"), ("key|word|name|item", "word")),
        wordings=(
            "Return the value of $b in $a, or $k if it is missing.",
            "Look up $b in a dict, with $k as the default.",
            "What is stored under $b? $k if there is nothing.",
            "Given a dict and a key, get its value or else $k.",
            "The entry of $a for $b; unknown keys count as $k.",
            "Fetch a value from $a, falling back to $k.",
        ),
        consts={"k": (0, 1, 2, 5, 9, 10, 50, 100)},
        body="return $a.get($b, $k)",
        idea="use get with the default $k",
        wrong=("return $a.get($b)",),
    ),
    Family(
        key="dict_lookup_words",
        names=("lookup_all", "values_for", "get_many", "translate"),
        params=params(("table|d|codes|mapping", "int_str"), ("keys|ids|wanted|nums", "ints")),
        wordings=(
            "Look up every element of $b in $a; missing ones give '?'.",
            "Return the list of values in $a for $b, with '?' where there is none.",
            "Translate $b through the dict, writing '?' for unknown keys.",
            "Given a dict and a list of keys, list their values ('?' if unknown).",
            "Which value belongs to each of $b? Use '?' for keys that $a lacks.",
            "Map each key in $b to its word in $a or to '?'.",
        ),
        body="""return [$a.get(k, "?") for k in $b]""",
        idea="get each key with '?' as the default",
        wrong=("return [$a[k] for k in $b if k in $a]",),
    ),
    Family(
        key="dict_sorted_keys",
        names=("sorted_keys", "keys_in_order", "key_list", "ordered_keys"),
        params=params(("d|mapping|table|scores", "str_int")),
        wordings=(
            "Return the keys of $a in alphabetical order.",
            "List the keys of a dict, sorted.",
            "The sorted list of keys.",
            "Given a dict, what are its keys from a to z?",
            "Sort the keys of $a and return them as a list.",
            "Which keys does $a have? Answer in ascending order.",
        ),
        body="return sorted($a)",
        idea="sort the keys",
        wrong=("return list($a)", "return sorted($a.values())"),
    ),
    Family(
        key="dict_keys_by_value",
        names=("keys_by_value", "ranking", "rank_keys", "sort_by_value"),
        params=params(("scores|d|counts|points", "str_int")),
        wordings=(
            "Return the keys of $a sorted by value, highest first.",
            "List the names by descending score; ties keep their order.",
            "The keys of a dict from the largest value to the smallest.",
            "Given scores, rank the names from best to worst.",
            "Order the keys of $a so that the one with the greatest value is first.",
            "What is the ranking of $a, best first?",
        ),
        body="return sorted($a, key=lambda k: -$a[k])",
        idea="sort the keys by negated value",
        wrong=("return sorted($a, key=$a.get)", "return sorted($a, reverse=True)"),
    ),
    Family(
        key="dict_average",
        names=("average_value", "mean_value", "average", "mean_score"),
        params=params(("scores|d|marks|prices", "str_int")),
        wordings=(
            "Return the mean of the values of $a, 0 for an empty dict.",
            "Average the values of a dict; an empty one gives 0.",
            "What is the average score, or 0 without scores?",
            "The arithmetic mean of $a's values, 0 if it has none.",
            "Given a dict of marks, compute their average (0 for no marks).",
            "Divide the sum of the values by their number; {} gives 0.",
        ),
        body="return sum($a.values()) / len($a) if $a else 0",
        idea="divide the sum of the values by the number of keys",
        wrong=("return sum($a.values()) // len($a) if $a else 0", "return sum($a.values())"),
    ),
    Family(
        key="dict_oldest",
        names=("oldest", "oldest_name", "eldest", "name_of_oldest"),
        params=params(("people|records|users|staff", "records")),
        wordings=(
            "Return the name of the oldest person in $a, or None if there is nobody.",
            "Who is the oldest? The first on a tie, None for an empty list.",
            "The 'name' of the record with the largest 'age'; None without records.",
            "Given records with name and age, find the eldest one's name, or None.",
            "Name the person of greatest age in $a (None if it is empty).",
            "Find whoever has the highest age and return the name, else None.",
        ),
        body="""if not $a:
    return None
return max($a, key=lambda p: p["age"])["name"]""",
        idea="take the record with the largest age and return its name",
        wrong=(
            """if not $a:
    return None
return min($a, key=lambda p: p["age"])["name"]""",
            """if not $a:
    return None
return max(p["name"] for p in $a)""",
        ),
    ),
    Family(
        key="dict_older_than",
        names=("older_than_$k", "names_over_$k", "above_age_$k", "over_$k"),
        params=params(("people|records|users|staff", "records")),
        wordings=(
            "Return the names of the people in $a who are older than $k.",
            "List the 'name' of every record with an 'age' above $k.",
            "Who is older than $k? Give the names in order.",
            "The names of all persons over $k.",
            "Given records with name and age, select the names with age > $k.",
            "Filter $a by age greater than $k and return the names.",
        ),
        consts={"k": (10, 12, 18, 20, 21, 30, 40, 50, 60)},
        body="""return [p["name"] for p in $a if p["age"] > $k]""",
        idea="keep the names whose age exceeds $k",
        wrong=("""return [p["name"] for p in $a if p["age"] < $k]""",),
    ),
    Family(
        key="dict_mean_age",
        names=("mean_age", "average_age", "avg_age", "age_average"),
        params=params(("people|records|users|members", "records")),
        wordings=(
            "Return the average age of the people in $a, 0 if there are none.",
            "The mean of the 'age' fields; 0 for an empty list.",
            "How old are the persons on average? Nobody gives 0.",
            "Given records with an age, compute the mean age (0 without records).",
            "Average the ages in $a; an empty list counts as 0.",
            "Add up all ages and divide by the number of records, or return 0.",
        ),
        body="""return sum(p["age"] for p in $a) / len($a) if $a else 0""",
        idea="divide the sum of ages by the number of records",
        wrong=(
            """return sum(p["age"] for p in $a) // len($a) if $a else 0""",
            """return sum(p["age"] for p in $a)""",
        ),
    ),
    Family(
        key="dict_common",
        names=("common", "intersection", "shared_items", "in_both"),
        params=params(("a|first|left|xs", "set_ints"), ("b|second|right|ys", "set_ints")),
        wordings=(
            "Return the sorted list of the elements that are in both $a and $b.",
            "The intersection of two sets, as an ascending list.",
            "Which numbers do $a and $b share? Sort them.",
            "Given two sets, list what they have in common in ascending order.",
            "Find the elements of $a that also belong to $b, sorted.",
            "Common elements, smallest first.",
        ),
        body="return sorted($a & $b)",
        idea="intersect the sets and sort",
        wrong=("return sorted($a | $b)", "return sorted($a - $b)"),
    ),
)
