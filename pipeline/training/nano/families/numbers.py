"""Function families on single numbers: arithmetic, digits, primes, bases, bits and sequences."""

from pipeline.training.nano.family import Family, params

FAMILIES: tuple[Family, ...] = (
    Family(
        key="num_divisible_by",
        names=("is_divisible_by_$k", "divisible_by_$k", "is_multiple_of_$k", "divides_by_$k"),
        params=params(("n|num|x|number|value", "int")),
        wordings=(
            "Return True if $a is divisible by $k.",
            "Is $a a multiple of $k?",
            "Whether $k divides a number without remainder.",
            "Check that dividing $a by $k leaves nothing over.",
            "Given an integer, say whether it can be split into $k equal whole parts.",
            "Test a number for divisibility by $k.",
        ),
        consts={"k": (2, 3, 4, 5, 6, 7, 8, 9, 10, 11)},
        body="return $a % $k == 0",
        idea="compare the remainder modulo $k with 0",
        wrong=("return $a // $k == 0", "return $a % $k"),
    ),
    Family(
        key="num_divisible_both",
        names=("divisible_by_both", "divides_evenly_twice", "multiple_of_two", "fits_both"),
        params=params(("n|num|number", "int"), ("p|first|x", "pos"), ("q|second|y", "pos")),
        wordings=(
            "Return True if $a is divisible by both $b and $c.",
            "Is $a a common multiple of $b and $c?",
            "Whether the first number can be divided by each of the other two without remainder.",
            "Check that neither $b nor $c leaves a remainder when it divides $a.",
            "Given a number and two divisors, tell whether both divide it evenly.",
            "True when $b divides $a and $c divides $a too.",
        ),
        body="return $a % $b == 0 and $a % $c == 0",
        idea="check both remainders",
        wrong=("return $a % $b == 0 or $a % $c == 0", "return $a % ($b + $c) == 0"),
    ),
    Family(
        key="num_add_const",
        names=("add_$k", "plus_$k", "increase_by_$k", "raise_by_$k"),
        params=params(("n|num|x|value", "int")),
        wordings=(
            "Return $a plus $k.",
            "Add $k to a number.",
            "The number that is $k greater than $a.",
            "Which number lies $k above $a?",
            "Given a number, increase it by $k.",
            "The sum of $a and $k.",
        ),
        consts={"k": (1, 2, 3, 4, 5, 7, 10, 12, 100)},
        body="return $a + $k",
        idea="add $k",
        wrong=("return $a - $k", "return $a * $k"),
    ),
    Family(
        key="num_times_plus",
        names=("times_${k}_plus_$m", "scale_and_shift", "line_at", "linear"),
        params=params(("x|n|num|value", "int")),
        wordings=(
            "Multiply $a by $k and add $m.",
            "Return $k times $a plus $m.",
            "The height at $a of the line with slope $k that meets the y axis at $m.",
            "Given a number, take it $k times and then increase the result by $m.",
            "What is $k * $a + $m?",
            "The value of the linear function with slope $k and intercept $m.",
        ),
        consts={"k": (2, 3, 4, 5, 6, 10), "m": (1, 2, 3, 5, 7, 8)},
        body="return $k * $a + $m",
        idea="multiply by $k, then add $m",
        wrong=("return $k * ($a + $m)", "return $m * $a + $k"),
    ),
    Family(
        key="num_clamp",
        names=("clamp", "clip", "limit_to_range", "keep_between", "bound"),
        params=params(("x|n|value|num", "int")),
        wordings=(
            "Clamp $a to the range from $k to $m.",
            "Return $a, but not less than $k and not more than $m.",
            "Limit a number to $k..$m: smaller ones become $k, larger ones $m.",
            "Force $a between $k and $m, both included.",
            "Given a number, return the nearest number in the range $k to $m.",
            "Which value between $k and $m is closest to $a?",
        ),
        consts={"k": (-10, -5, -1, 0, 1, 2), "m": (5, 8, 10, 12, 20, 30)},
        body="return max($k, min($m, $a))",
        idea="take the minimum with $m, then the maximum with $k",
        wrong=("return min($k, max($m, $a))", "return min($m, $a)"),
    ),
    Family(
        key="num_between",
        names=("is_between", "in_range", "within", "lies_between"),
        params=params(("x|n|value|num", "int")),
        wordings=(
            "Return True if $a lies between $k and $m, both included.",
            "Is $a at least $k and at most $m?",
            "Whether a number is in the closed range $k to $m.",
            "Check that $a is neither below $k nor above $m.",
            "Given a number, tell whether it is from $k up to and including $m.",
            "True for the numbers $k to $m, the ends count.",
        ),
        consts={"k": (-5, -2, 0, 1, 3, 5), "m": (6, 7, 8, 10, 15, 20)},
        body="return $k <= $a <= $m",
        idea="chain the two comparisons",
        wrong=("return $k < $a < $m", "return $k <= $a < $m"),
    ),
    Family(
        key="num_strictly_between",
        names=("strictly_between", "inside", "is_inside", "between_exclusive"),
        params=params(("x|n|value", "int"), ("low|lo|left", "int"), ("high|hi|right", "int")),
        wordings=(
            "Return True if $a is strictly between $b and $c.",
            "Is $a greater than $b and less than $c?",
            "Whether a number lies inside an open range; the ends do not count.",
            "Check that $a is over $b but under $c.",
            "Given a number and two bounds, tell whether it lies between them, bounds excluded.",
            "True when $b < $a < $c.",
        ),
        body="return $b < $a < $c",
        idea="chain two strict comparisons",
        wrong=("return $b <= $a <= $c",),
    ),
    Family(
        key="num_sign",
        names=("sign", "signum", "sign_of", "direction"),
        params=params(("n|x|num|value", "int")),
        wordings=(
            "Return 1 for a positive number, -1 for a negative one and 0 for zero.",
            "The sign of $a as -1, 0 or 1.",
            "Find the sign of a number: -1 below zero, 0 at zero, 1 above.",
            "Given a number, return -1, 0 or 1 depending on its sign.",
            "Is $a negative (-1), zero (0) or positive (1)?",
            "Compare $a with zero: 1 if greater, -1 if less, 0 if equal.",
        ),
        body="""if $a > 0:
    return 1
if $a < 0:
    return -1
return 0""",
        idea="compare with zero in both directions",
        wrong=("return 1 if $a > 0 else -1", "return 1 if $a >= 0 else -1"),
    ),
    Family(
        key="num_sign_word",
        names=("describe_sign", "sign_name", "sign_word", "classify_sign"),
        params=params(("n|x|num|value", "int")),
        wordings=(
            "Return 'positive', 'negative' or 'zero' for $a.",
            "Name the sign of a number: positive, negative or zero.",
            "Is a number positive, negative or zero? Answer with that word.",
            "The word 'zero', 'positive' or 'negative', depending on $a.",
            "Given an integer, describe its sign in one lower-case word.",
            "Classify $a as 'positive', 'negative' or 'zero'.",
        ),
        body="""if $a == 0:
    return "zero"
return "positive" if $a > 0 else "negative\"""",
        idea="handle zero first, then look at the sign",
        wrong=("""return "positive" if $a >= 0 else "negative\"""",),
    ),
    Family(
        key="num_parity_word",
        names=("even_or_odd", "parity", "parity_word", "parity_name"),
        params=params(("n|x|num|number", "int")),
        wordings=(
            "Return 'even' or 'odd' for $a.",
            "Say whether a number is 'even' or 'odd'.",
            "The parity of $a as a word.",
            "Is $a even or odd? Answer with that word.",
            "Given an integer, name its parity.",
            "'even' if 2 divides $a, otherwise 'odd'.",
        ),
        body='return "even" if $a % 2 == 0 else "odd"',
        idea="look at the remainder modulo 2",
        wrong=('return "even" if $a % 2 else "odd"',),
    ),
    Family(
        key="num_digit_sum",
        names=("digit_sum", "sum_digits", "sum_of_digits", "add_digits", "cross_sum"),
        params=params(("n|num|number|x", "int")),
        wordings=(
            "Return the sum of the decimal digits of $a; ignore a minus sign.",
            "Add up the digits of a number, without regard to its sign.",
            "The digit sum of the absolute value of $a.",
            "What do the digits of $a add up to? The sign does not matter.",
            "Given an integer, total its digits (of -12 they are 1 and 2).",
            "Find the cross sum of $a, a negative number counting like a positive one.",
        ),
        body="return sum(int(d) for d in str(abs($a)))",
        idea="sum the digits of the text of the absolute value",
        wrong=("return len(str(abs($a)))", "return abs($a) % 10 + abs($a) % 100"),
    ),
    Family(
        key="num_digit_product",
        names=("digit_product", "multiply_digits", "product_of_digits", "digits_multiplied"),
        params=params(("n|num|number", "nat")),
        wordings=(
            "Return the product of the decimal digits of $a.",
            "Multiply all digits of a number that is not negative.",
            "The digits of $a, multiplied together.",
            "What is the product of the digits of $a?",
            "Given a natural number, multiply its decimal digits.",
            "Find the digit product of a number, 0 when it contains a zero.",
        ),
        body="""result = 1
for d in str($a):
    result *= int(d)
return result""",
        idea="multiply the digits one by one, from 1",
        wrong=(
            """result = 0
for d in str($a):
    result *= int(d)
return result""",
            "return sum(int(d) for d in str($a))",
        ),
    ),
    Family(
        key="num_digit_root",
        names=("digital_root", "digit_root", "repeated_digit_sum", "reduce_digits"),
        params=params(("n|num|number", "nat")),
        wordings=(
            "Sum the digits of $a again and again until one digit is left.",
            "Return the digital root of a number.",
            "Which single digit remains when digit sums are repeated on $a?",
            "The digital root: replace $a by its digit sum while it has more than one digit.",
            "Given a natural number, add its digits repeatedly until the result is below 10.",
            "Find the one-digit number that repeated digit sums lead to.",
        ),
        body="""while $a > 9:
    $a = sum(int(d) for d in str($a))
return $a""",
        idea="replace the number by its digit sum while it is above 9",
        wrong=("return sum(int(d) for d in str($a))", "return $a % 9"),
    ),
    Family(
        key="num_digit_count",
        names=("count_digits", "num_digits", "digit_count", "number_of_digits", "how_many_digits"),
        params=params(("n|num|number|x", "int")),
        wordings=(
            "Return how many decimal digits $a has, without its sign.",
            "Count the digits of an integer; a minus sign is no digit.",
            "The number of decimal digits of $a (0 has one).",
            "How many digits does it take to write the absolute value of $a?",
            "Given an integer, count its digits, not its sign.",
            "Find the length of $a in decimal notation, leaving out a minus sign.",
        ),
        body="return len(str(abs($a)))",
        idea="take the length of the text of the absolute value",
        wrong=("return len(str($a))", "return len(str(abs($a))) - 1"),
    ),
    Family(
        key="num_reverse_digits",
        names=("reverse_digits", "reverse_number", "flip_digits", "mirror_number"),
        params=params(("n|num|number|x", "int")),
        wordings=(
            "Reverse the decimal digits of $a and keep its sign.",
            "Return the number whose digits are those of $a backwards; the sign stays.",
            "Turn the digits of an integer around (30 gives 3, -12 gives -21).",
            "Which number do you get when you read the digits of $a from the right?",
            "Given an integer, write its digits in the opposite order, with the same sign.",
            "The digits of $a in reverse, as a number; negative stays negative.",
        ),
        body="""digits = int(str(abs($a))[::-1])
return digits if $a >= 0 else -digits""",
        idea="reverse the text of the absolute value and put the sign back",
        wrong=("return int(str(abs($a))[::-1])", "return str($a)[::-1]"),
    ),
    Family(
        key="num_last_digit",
        names=("last_digit", "ones_digit", "final_digit", "units_digit"),
        params=params(("n|num|number|x", "int")),
        wordings=(
            "Return the last decimal digit of $a; the sign does not matter.",
            "The ones digit of the absolute value of $a.",
            "What digit does $a end with?",
            "Given an integer, find its last digit (-12 ends with 2).",
            "Get the units digit of a number, positive or negative.",
            "Take off everything but the last digit of $a, the sign too.",
        ),
        body="return abs($a) % 10",
        idea="take the absolute value modulo 10",
        wrong=("return $a % 10", "return abs($a) // 10"),
    ),
    Family(
        key="num_first_digit",
        names=("first_digit", "leading_digit", "top_digit", "most_significant_digit"),
        params=params(("n|num|number|x", "int")),
        wordings=(
            "Return the first decimal digit of $a, as a number, without the sign.",
            "The leading digit of an integer.",
            "What digit does the absolute value of $a start with?",
            "Given an integer, find its most significant digit.",
            "Get the leftmost digit of $a; a minus sign is skipped.",
            "With which digit does writing $a begin, apart from a sign?",
        ),
        body="return int(str(abs($a))[0])",
        idea="take the first character of the absolute value and make it an int",
        wrong=("return int(str($a)[0])", "return abs($a) % 10"),
    ),
    Family(
        key="num_digits_list",
        names=("digits", "digit_list", "list_digits", "split_digits", "to_digits"),
        params=params(("n|num|number|x", "nat")),
        wordings=(
            "Return the decimal digits of $a as a list of ints.",
            "Split a number into its digits, from left to right.",
            "The list of the digits of $a.",
            "Which digits does $a consist of? List them in order.",
            "Given a natural number, list its digits.",
            "Break $a up into single digits.",
        ),
        body="return [int(d) for d in str($a)]",
        idea="turn each character of the text into an int",
        wrong=("return list(str($a))", "return [int(d) for d in str($a)][::-1]"),
    ),
    Family(
        key="num_count_digit",
        names=("count_digit_$k", "count_${k}s", "how_many_${k}s", "occurrences_of_$k"),
        params=params(("n|num|number|x", "int")),
        wordings=(
            "Count how often the digit $k occurs in $a.",
            "How many times is the digit $k needed to write $a?",
            "The number of ${k}s among the decimal digits of a number.",
            "Given an integer, count its digits that are equal to $k.",
            "Return how many digits of $a are a $k.",
            "Find how frequent the digit $k is in the decimal form of $a.",
        ),
        consts={"k": (0, 1, 2, 3, 4, 5, 7)},
        body='return str($a).count("$k")',
        idea="count the character $k in the text of the number",
        wrong=('return "$k" in str($a)', "return str($a).count($k)"),
    ),
    Family(
        key="num_is_prime",
        names=("is_prime", "prime", "check_prime", "is_a_prime"),
        params=params(("n|num|number|x", "int")),
        wordings=(
            "Return True if $a is a prime number.",
            "Is $a prime?",
            "Whether a number greater than 1 has no divisors but 1 and itself.",
            "Check a number for primality; everything below 2 is not prime.",
            "Given an integer, tell whether it is a prime.",
            "True for 2, 3, 5, 7, 11 and so on, False for any other number.",
        ),
        body="""if $a < 2:
    return False
return all($a % d for d in range(2, int($a**0.5) + 1))""",
        idea="look for a divisor from 2 up to the square root",
        wrong=(
            "return all($a % d for d in range(2, $a))",
            """if $a < 2:
    return False
return all($a % d for d in range(2, int($a**0.5)))""",
        ),
    ),
    Family(
        key="num_divisors",
        names=("divisors", "all_divisors", "factors", "list_divisors"),
        params=params(("n|num|number", "pos")),
        wordings=(
            "Return all positive divisors of $a in ascending order.",
            "List the numbers from 1 to $a that divide it.",
            "Which whole numbers divide $a without remainder? Smallest first.",
            "The factors of a positive number, 1 and itself included.",
            "Given $a >= 1, find its divisors, sorted.",
            "Every d with $a % d == 0, as an ascending list.",
        ),
        body="return [d for d in range(1, $a + 1) if $a % d == 0]",
        idea="try every number from 1 to $a",
        wrong=(
            "return [d for d in range(1, $a) if $a % d == 0]",
            "return [d for d in range(2, $a + 1) if $a % d == 0]",
        ),
    ),
    Family(
        key="num_count_divisors",
        names=("count_divisors", "num_divisors", "divisor_count", "how_many_divisors"),
        params=params(("n|num|number", "pos")),
        wordings=(
            "Count the positive divisors of $a.",
            "How many whole numbers divide $a?",
            "The number of divisors of a positive integer, 1 and itself included.",
            "Given $a >= 1, return how many factors it has.",
            "Find out by how many numbers from 1 to $a it can be divided evenly.",
            "Return the size of the set of divisors of $a.",
        ),
        body="return sum($a % d == 0 for d in range(1, $a + 1))",
        idea="count the numbers up to $a that leave no remainder",
        wrong=(
            "return sum($a % d == 0 for d in range(1, $a))",
            "return sum(d for d in range(1, $a + 1) if $a % d == 0)",
        ),
    ),
    Family(
        key="num_is_perfect",
        names=("is_perfect", "perfect", "is_perfect_number", "check_perfect"),
        params=params(("n|num|number", "small")),
        wordings=(
            "Return True if $a is a perfect number.",
            "Does the sum of the proper divisors of $a equal $a?",
            "Whether a number is the sum of all its smaller divisors, as 6 = 1 + 2 + 3.",
            "Check that the divisors of $a below $a add up to $a.",
            "Given a positive integer, tell whether it is perfect.",
            "True when a number equals the total of its divisors without itself.",
        ),
        body="return sum(d for d in range(1, $a) if $a % d == 0) == $a",
        idea="compare the sum of the proper divisors with the number",
        wrong=("return sum(d for d in range(1, $a + 1) if $a % d == 0) == $a",),
    ),
    Family(
        key="num_divisor_class",
        names=("classify", "divisor_class", "perfection", "number_kind"),
        params=params(("n|num|number", "pos")),
        wordings=(
            "Return 'perfect', 'abundant' or 'deficient' for $a.",
            "Classify $a by its proper divisors: their sum is equal, abundant or deficient.",
            "Is the sum of the proper divisors above $a (abundant), below (deficient) or perfect?",
            "'abundant' if its smaller divisors sum to more, 'deficient' if less, else 'perfect'.",
            "Given a number, say if its proper divisors' sum is abundant, deficient or perfect.",
            "Name the kind of a number: deficient, perfect or abundant.",
        ),
        body="""total = sum(d for d in range(1, $a) if $a % d == 0)
if total == $a:
    return "perfect"
return "abundant" if total > $a else "deficient\"""",
        idea="sum the proper divisors and compare with the number",
        wrong=(
            """total = sum(d for d in range(1, $a + 1) if $a % d == 0)
if total == $a:
    return "perfect"
return "abundant" if total > $a else "deficient\"""",
        ),
    ),
    Family(
        key="num_prime_factors",
        names=("prime_factors", "factorize", "prime_factorization", "factor"),
        params=params(("n|num|number", "pos")),
        wordings=(
            "Return the prime factors of $a in ascending order, repeated as needed.",
            "Factorize a positive number into primes; 1 gives [].",
            "The list of primes whose product is $a, smallest first.",
            "Which primes multiply to $a? A prime that divides twice is listed twice.",
            "Given $a >= 1, split it into its prime factors (12 gives [2, 2, 3]).",
            "Find the prime factorization of $a as a sorted list.",
        ),
        body="""result = []
d = 2
while $a > 1:
    while $a % d == 0:
        result.append(d)
        $a //= d
    d += 1
return result""",
        idea="divide by each d from 2 as often as it goes",
        wrong=(
            """result = []
d = 2
while $a > 1:
    if $a % d == 0:
        result.append(d)
        $a //= d
    d += 1
return result""",
        ),
    ),
    Family(
        key="num_smallest_factor",
        names=("smallest_factor", "least_prime_factor", "first_divisor", "smallest_divisor"),
        params=params(("n|num|number", "pos")),
        wordings=(
            "Return the smallest divisor of $a that is greater than 1, or 1 if $a is 1.",
            "Find the least prime factor of a positive number; 1 for 1.",
            "What is the smallest number above 1 that divides $a? (1 has none: return 1.)",
            "The first d >= 2 with $a % d == 0; the answer for 1 is 1.",
            "Given $a >= 1, find its smallest factor other than 1.",
            "Search upwards from 2 for a divisor of $a, return 1 without one.",
        ),
        body="""for d in range(2, $a + 1):
    if $a % d == 0:
        return d
return 1""",
        idea="try divisors upwards from 2",
        wrong=(
            """for d in range(1, $a + 1):
    if $a % d == 0:
        return d
return 1""",
            """for d in range(2, $a):
    if $a % d == 0:
        return d
return 1""",
        ),
    ),
    Family(
        key="num_primes_up_to",
        names=("primes_up_to", "primes", "list_primes", "primes_until"),
        params=params(("n|limit|top", "nat")),
        wordings=(
            "Return all primes up to and including $a.",
            "List the prime numbers that are not greater than $a.",
            "Which primes are there from 2 to $a?",
            "The ascending list of primes <= $a, empty below 2.",
            "Given a limit, find every prime that does not exceed it.",
            "Collect the prime numbers until $a, which counts if it is prime.",
        ),
        body="return [p for p in range(2, $a + 1) if all(p % d for d in range(2, p))]",
        idea="keep each number from 2 that no smaller one divides",
        wrong=(
            "return [p for p in range(2, $a) if all(p % d for d in range(2, p))]",
            "return [p for p in range(1, $a + 1) if all(p % d for d in range(2, p))]",
        ),
    ),
    Family(
        key="num_next_prime",
        names=("next_prime", "prime_after", "following_prime", "first_prime_above"),
        params=params(("n|num|number", "int")),
        wordings=(
            "Return the smallest prime greater than $a.",
            "Find the next prime after $a.",
            "Which prime comes right after $a? $a itself does not count.",
            "The first prime number above $a (2 if $a is negative).",
            "Given an integer, search upwards for a larger prime.",
            "The least prime that exceeds $a.",
        ),
        body="""p = max($a + 1, 2)
while any(p % d == 0 for d in range(2, p)):
    p += 1
return p""",
        idea="count up from the next number until no divisor is found",
        wrong=(
            """p = max($a, 2)
while any(p % d == 0 for d in range(2, p)):
    p += 1
return p""",
        ),
    ),
    Family(
        key="num_gcd",
        names=("gcd", "greatest_common_divisor", "common_divisor", "euclid"),
        params=params(("m|x|first", "nat"), ("n|y|second", "nat")),
        wordings=(
            "Return the greatest common divisor of $a and $b.",
            "What is the largest number that divides both $a and $b? (0 for two zeros.)",
            "Euclid's algorithm: the gcd of two numbers that are not negative.",
            "Given two natural numbers, find their greatest common factor.",
            "Compute gcd($a, $b), where gcd(x, 0) is x.",
            "The greatest common divisor of two numbers; 0 with x gives x.",
        ),
        body="""while $b:
    $a, $b = $b, $a % $b
return $a""",
        idea="replace the pair by the second and the remainder until that is 0",
        wrong=(
            "return min($a, $b)",
            """while $b:
    $a, $b = $b, $a % $b
return $b""",
        ),
    ),
    Family(
        key="num_coprime",
        names=("coprime", "are_coprime", "relatively_prime", "no_common_factor"),
        params=params(("m|x|first", "pos"), ("n|y|second", "pos")),
        wordings=(
            "Return True if $a and $b have no common divisor but 1.",
            "Are $a and $b coprime?",
            "Whether the greatest common divisor of two positive numbers is 1.",
            "Check that no number above 1 divides both $a and $b.",
            "Given two positive integers, tell whether they are relatively prime.",
            "True when the fraction $a / $b cannot be reduced.",
        ),
        body="""from math import gcd

return gcd($a, $b) == 1""",
        idea="compare the gcd with 1",
        wrong=("return $a % $b != 0", "return $a != $b"),
    ),
    Family(
        key="num_lcm_const",
        names=("lcm_with_$k", "common_multiple", "meet_every", "smallest_common_multiple"),
        params=params(("n|num|period", "pos")),
        wordings=(
            "Return the least common multiple of $a and $k.",
            "What is the smallest positive number divisible by both $a and $k?",
            "The first multiple of $a that is a multiple of $k too.",
            "Given a positive number, find the lowest number that it shares as a multiple with $k.",
            "When do cycles of length $a and of length $k first end together?",
            "Compute the lcm of $a and $k.",
        ),
        consts={"k": (4, 6, 8, 9, 10, 12, 15)},
        body="""from math import gcd

return $a * $k // gcd($a, $k)""",
        idea="divide the product by the gcd",
        wrong=("return $a * $k", "return max($a, $k)"),
    ),
    Family(
        key="num_reduce_fraction",
        names=("reduce_fraction", "simplify", "lowest_terms", "cancel"),
        params=params(("top|num|p", "pos"), ("bottom|den|q", "pos")),
        wordings=(
            "Reduce the fraction $a/$b and return (numerator, denominator).",
            "The fraction $a over $b in lowest terms, as a tuple.",
            "Cancel the common factor of $a and $b and return both quotients.",
            "What is $a/$b when it is simplified as far as possible? Answer with a pair.",
            "Given a numerator and a denominator, divide both by their gcd.",
            "Simplify a fraction of two positive numbers to a tuple.",
        ),
        body="""from math import gcd

g = gcd($a, $b)
return $a // g, $b // g""",
        idea="divide both numbers by their gcd",
        wrong=("return $a // 2, $b // 2",),
    ),
    Family(
        key="num_power",
        names=("power", "raise_to", "to_the_power", "exponentiate"),
        params=params(("base|x|n", "int"), ("exponent|e|k", "small")),
        wordings=(
            "Return $a to the power of $b, without using **.",
            "Multiply $a by itself so that it occurs $b times as a factor.",
            "The product of $b copies of $a.",
            "What is $a raised to the power $b?",
            "Given a base and a positive exponent, compute the power.",
            "Exponentiation by repeated multiplication.",
        ),
        body="""result = 1
for _ in range($b):
    result *= $a
return result""",
        idea="multiply 1 by the base, $b times",
        wrong=("return $a * $b", "return $b**$a"),
    ),
    Family(
        key="num_power_mod",
        names=("power_mod_$k", "pow_mod", "modular_power", "power_remainder"),
        params=params(("base|x|n", "nat"), ("exponent|e|times", "nat")),
        wordings=(
            "Return $a to the power $b, modulo $k.",
            "The remainder of $a ** $b when divided by $k.",
            "Raise $a to $b and keep only the remainder modulo $k.",
            "Given a base and an exponent, compute the power modulo $k.",
            "What is left over when $k divides $a to the power of $b?",
            "Modular exponentiation with modulus $k (0 to the power 0 is 1).",
        ),
        consts={"k": (3, 5, 7, 10, 11, 13, 100)},
        body="return pow($a, $b, $k)",
        idea="use pow with three arguments",
        wrong=("return $a * $b % $k", "return $a ** ($b % $k)"),
    ),
    Family(
        key="num_is_power_of",
        names=("is_power_of_$k", "power_of_$k", "check_power_of_$k", "is_exact_power_of_$k"),
        params=params(("n|num|number", "pos")),
        wordings=(
            "Return True if $a is a power of $k; 1 is one.",
            "Is $a equal to $k to some natural power (0 allowed)?",
            "Whether a positive number is 1, $k, $k * $k and so on.",
            "Check that dividing $a by $k again and again ends at exactly 1.",
            "Given a positive integer, tell whether it has no prime factors but those of $k ** e.",
            "True for 1 and for every number made by multiplying only ${k}s.",
        ),
        consts={"k": (2, 3, 5, 7)},
        body="""while $a % $k == 0:
    $a //= $k
return $a == 1""",
        idea="divide by $k while it goes and compare the rest with 1",
        wrong=("return $a % $k == 0", "return $a % $k == 0 or $a == 1"),
    ),
    Family(
        key="num_factorial",
        names=("factorial", "fact", "product_up_to", "permutations_of"),
        params=params(("n|num|number", "small")),
        wordings=(
            "Return the factorial of $a.",
            "Multiply all whole numbers from 1 to $a.",
            "The product 1 * 2 * ... * $a.",
            "In how many orders can $a different things be put?",
            "Given a positive number, compute its factorial.",
            "What is $a! ?",
        ),
        body="""result = 1
for i in range(2, $a + 1):
    result *= i
return result""",
        idea="multiply the numbers from 2 to $a",
        wrong=(
            """result = 1
for i in range(2, $a):
    result *= i
return result""",
            "return sum(range(1, $a + 1))",
        ),
    ),
    Family(
        key="num_fibonacci",
        names=("fibonacci", "fib", "nth_fibonacci", "fibonacci_number"),
        params=params(("n|index|i", "nat")),
        wordings=(
            "Return the Fibonacci number with index $a, where 0 and 1 come first.",
            "The $a-th number of 0, 1, 1, 2, 3, 5, ... counted from 0.",
            "Compute F($a) with F(0) = 0 and F(1) = 1, each the sum of the two before.",
            "Given an index from 0, find the Fibonacci number there.",
            "Which Fibonacci number stands at index $a (index 0 is 0)?",
            "Step through the Fibonacci sequence from 0 and 1, $a times.",
        ),
        body="""x, y = 0, 1
for _ in range($a):
    x, y = y, x + y
return x""",
        idea="keep two neighbours and step $a times",
        wrong=(
            """x, y = 0, 1
for _ in range($a):
    x, y = y, x + y
return y""",
            """x, y = 1, 2
for _ in range($a):
    x, y = y, x + y
return x""",
        ),
    ),
    Family(
        key="num_fibonacci_list",
        names=("fibonacci_list", "first_fibonacci", "fib_sequence", "fibonacci_numbers"),
        params=params(("n|count|length", "small")),
        wordings=(
            "Return the first $a numbers of the sequence that starts with $k, $m.",
            "List $a terms of a Fibonacci-like sequence with $k and $m at its start.",
            "The start of the sequence $k, $m, ..., each later term the sum of the two before.",
            "Which $a numbers come first if $k and $m begin and every next is their sum?",
            "Given a count, generate that many terms from $k and $m, adding the last two.",
            "Build a list of $a numbers: $k, $m, then always the sum of the last two.",
        ),
        consts={"k": (0, 1, 2, 3), "m": (1, 2, 4, 5)},
        body="""result = [$k, $m]
while len(result) < $a:
    result.append(result[-1] + result[-2])
return result[:$a]""",
        idea="append the sum of the last two until there are enough",
        wrong=(
            """result = [$k, $m]
for _ in range($a):
    result.append(result[-1] + result[-2])
return result""",
        ),
    ),
    Family(
        key="num_collatz_steps",
        names=("collatz_steps", "collatz_length", "steps_to_one", "count_collatz"),
        params=params(("n|num|start", "pos")),
        wordings=(
            "Count the Collatz steps from $a to 1.",
            "How often must $a be halved (if even) or turned into 3 * x + 1 (if odd) to get 1?",
            "The number of steps until the Collatz sequence of $a reaches 1.",
            "Given a positive number, halve if even, else triple and add 1; count until 1.",
            "Return how many Collatz steps lead from $a down to 1; 0 for 1.",
            "Find the length of the way from $a to 1 in the Collatz problem, in steps.",
        ),
        body="""steps = 0
while $a != 1:
    $a = $a // 2 if $a % 2 == 0 else 3 * $a + 1
    steps += 1
return steps""",
        idea="apply the rule until 1 and count",
        wrong=(
            """steps = 1
while $a != 1:
    $a = $a // 2 if $a % 2 == 0 else 3 * $a + 1
    steps += 1
return steps""",
        ),
    ),
    Family(
        key="num_collatz_next",
        names=("collatz", "collatz_next", "next_collatz", "collatz_step"),
        params=params(("n|num|number", "nat")),
        wordings=(
            "Halve $a if it is even, otherwise return three times $a plus one.",
            "Return the number that follows $a in its Collatz sequence.",
            "One Collatz step: n // 2 for even n, 3 * n + 1 for odd n.",
            "What comes after $a by the Collatz rule?",
            "Given a number, divide it by 2 when even and else triple it and add 1.",
            "The half of an even number, or 3x + 1 of an odd one.",
        ),
        body="return $a // 2 if $a % 2 == 0 else 3 * $a + 1",
        idea="choose by parity",
        wrong=(
            "return $a // 2 if $a % 2 else 3 * $a + 1",
            "return $a / 2 if $a % 2 == 0 else 3 * $a",
        ),
    ),
    Family(
        key="num_triangular",
        names=("triangular", "triangle_number", "sum_to", "sum_up_to", "gauss_sum"),
        params=params(("n|num|top", "nat")),
        wordings=(
            "Return the sum of the numbers from 1 to $a.",
            "The triangular number with index $a: 1 + 2 + ... + $a.",
            "What do all whole numbers up to $a add up to?",
            "Given a natural number, total everything from 1 to it (0 gives 0).",
            "Add up 1, 2, 3 and so on until $a.",
            "How many balls make a triangle with $a rows of 1, 2, 3, ... balls?",
        ),
        body="return $a * ($a + 1) // 2",
        idea="use the formula n * (n + 1) // 2",
        wrong=("return $a * ($a - 1) // 2", "return sum(range(1, $a))"),
    ),
    Family(
        key="num_sum_squares_to",
        names=("sum_of_squares", "sum_squares_to", "square_pyramid", "squares_total"),
        params=params(("n|num|top", "nat")),
        wordings=(
            "Return the sum of the squares of the numbers from 1 to $a.",
            "Add up 1 * 1, 2 * 2, ... up to $a * $a.",
            "The total of the first $a square numbers, starting with 1.",
            "What is 1 + 4 + 9 + ... with $a terms?",
            "Given a natural number, sum all squares up to its own.",
            "How many blocks has a pyramid with square layers of side 1 to $a?",
        ),
        body="return sum(i * i for i in range(1, $a + 1))",
        idea="sum i * i for i from 1 to $a",
        wrong=("return sum(i * i for i in range(1, $a))", "return sum(range(1, $a + 1)) ** 2"),
    ),
    Family(
        key="num_sum_multiples_below",
        names=("sum_multiples", "sum_of_multiples", "multiples_total", "sum_${k}_or_$m"),
        params=params(("n|limit|top", "pos")),
        wordings=(
            "Return the sum of the numbers below $a that are multiples of $k or $m.",
            "Add up all positive numbers less than $a divisible by $k or by $m.",
            "What is the total of the multiples of $k or $m under $a, each counted once?",
            "Given a limit, sum every number below it that $k or $m divides.",
            "The sum of what is smaller than $a and a multiple of at least one of $k and $m.",
            "Find all numbers below $a that $k or $m divides, and return their sum.",
        ),
        consts={"k": (2, 3, 4), "m": (5, 6, 7)},
        body="return sum(i for i in range($a) if i % $k == 0 or i % $m == 0)",
        idea="sum the numbers below $a with remainder 0 for $k or $m",
        wrong=(
            "return sum(i for i in range($a + 1) if i % $k == 0 or i % $m == 0)",
            "return sum(i for i in range($a) if i % $k == 0 and i % $m == 0)",
        ),
    ),
    Family(
        key="num_ceil_div",
        names=("groups_needed", "ceil_div", "boxes_needed", "how_many_boxes", "packs_of_$k"),
        params=params(("n|items|total|count", "nat")),
        wordings=(
            "Return how many boxes of $k are needed for $a items.",
            "Divide $a by $k and round up.",
            "The number of groups of at most $k that $a things make.",
            "How many packs of $k must you buy to have $a pieces?",
            "Given a count, find the smallest number of ${k}s that covers it.",
            "Ceiling division of $a by $k.",
        ),
        consts={"k": (2, 3, 4, 5, 6, 8, 10, 12)},
        body="return ($a + $k - 1) // $k",
        idea="add $k - 1 before the floor division",
        wrong=("return $a // $k", "return $a // $k + 1"),
    ),
    Family(
        key="num_round_to_multiple",
        names=("round_down_to_$k", "floor_to_$k", "largest_multiple_of_$k", "snap_down_$k"),
        params=params(("n|num|x|value", "int")),
        wordings=(
            "Round $a down to a multiple of $k.",
            "Return the largest multiple of $k that is not greater than $a.",
            "The nearest multiple of $k at or below $a.",
            "Given a number, go down to the next number divisible by $k, if it is not one.",
            "Which is the last multiple of $k up to $a?",
            "Take away what $a is above a multiple of $k.",
        ),
        consts={"k": (2, 3, 4, 5, 10, 12, 20)},
        body="return $a // $k * $k",
        idea="floor-divide by $k and multiply again",
        wrong=("return $a // $k", "return ($a // $k + 1) * $k"),
    ),
    Family(
        key="num_round_up_multiple",
        names=("round_up_to_$k", "ceil_to_$k", "next_multiple_of_$k", "snap_up_$k"),
        params=params(("n|num|x|value", "int")),
        wordings=(
            "Round $a up to a multiple of $k.",
            "Return the smallest multiple of $k that is not less than $a.",
            "The first multiple of $k at or above $a.",
            "Given a number, go up to a number divisible by $k unless it is one already.",
            "Which is the lowest multiple of $k from $a on?",
            "Add to $a what it lacks to be divisible by $k.",
        ),
        consts={"k": (2, 3, 4, 5, 10, 12, 20)},
        body="return -(-$a // $k) * $k",
        idea="floor-divide the negated number, which rounds up",
        wrong=("return $a // $k * $k", "return ($a // $k + 1) * $k"),
    ),
    Family(
        key="num_to_binary",
        names=("to_binary", "binary", "binary_digits", "as_binary"),
        params=params(("n|num|number", "nat")),
        wordings=(
            "Return $a in binary, as a string without a prefix.",
            "The base 2 digits of a natural number as text.",
            "Write $a with zeros and ones; 0 is '0'.",
            "What is the binary notation of $a?",
            "Given a number that is not negative, convert it to a binary string.",
            "Convert $a to base 2.",
        ),
        body='return format($a, "b")',
        idea="format with 'b'",
        wrong=("return bin($a)", 'return format($a, "b")[::-1]'),
    ),
    Family(
        key="num_to_base",
        names=("to_base_$k", "base_$k", "convert_to_base_$k", "digits_in_base_$k"),
        params=params(("n|num|number", "nat")),
        wordings=(
            "Return $a written in base $k, as a string.",
            "Convert a natural number to base $k; 0 gives '0'.",
            "The digits of $a in the number system with base $k.",
            "How is $a written with the base $k?",
            "Given a number, divide by $k repeatedly and join the remainders, last one first.",
            "The text of $a in base $k.",
        ),
        consts={"k": (2, 3, 4, 5, 6, 7, 8, 9)},
        body="""digits = ""
while $a:
    digits = str($a % $k) + digits
    $a //= $k
return digits or "0\"""",
        idea="put each remainder in front and divide by $k",
        wrong=(
            """digits = ""
while $a:
    digits += str($a % $k)
    $a //= $k
return digits or "0\"""",
            """digits = ""
while $a:
    digits = str($a % $k) + digits
    $a //= $k
return digits""",
        ),
    ),
    Family(
        key="num_to_hex",
        names=("to_hex", "hex_digits", "as_hex", "hexadecimal"),
        params=params(("n|num|number", "nat")),
        wordings=(
            "Return $a as a hexadecimal string of at least $k digits, in lower case.",
            "The base 16 form of $a, filled with zeros to $k places, without a prefix.",
            "Write a number in hexadecimal, padded on the left with '0' to a width of $k.",
            "Given a natural number, convert it to base 16 with $k lower-case digits or more.",
            "How is $a written in base 16 with $k digits? Letters in lower case.",
            "Convert $a to hex, zero-padded to length $k.",
        ),
        consts={"k": (2, 3, 4, 6)},
        body='return format($a, "x").zfill($k)',
        idea="format with 'x' and pad with zeros",
        wrong=('return format($a, "x")', 'return format($a, "X").zfill($k)'),
    ),
    Family(
        key="num_from_base",
        names=("parse_binary", "binary_to_int", "from_binary", "read_binary"),
        params=params(("s|bits|text|binary", "binary")),
        wordings=(
            "Return the number that the binary digits $a stand for.",
            "Convert a string of zeros and ones to an int.",
            "The decimal value of a binary string.",
            "Which number is $a in base 2?",
            "Given binary notation, compute the value.",
            "Read $a as a number in the base 2 system.",
        ),
        body="return int($a, 2)",
        idea="use int with base 2",
        wrong=("return int($a)", 'return $a.count("1")'),
    ),
    Family(
        key="num_popcount",
        names=("count_ones", "popcount", "bit_count", "ones_in_binary", "set_bits"),
        params=params(("n|num|number", "nat")),
        wordings=(
            "Count the ones in the binary form of $a.",
            "How many bits of $a are set?",
            "The number of 1 digits in base 2.",
            "Given a natural number, count its set bits.",
            "Return how often '1' occurs when $a is written in binary.",
            "Find the population count of $a.",
        ),
        body='return bin($a).count("1")',
        idea="count '1' in the binary text",
        wrong=('return str($a).count("1")', "return $a.bit_length()"),
    ),
    Family(
        key="num_bit_is_set",
        names=("bit_is_set", "has_bit_$k", "is_bit_set", "bit_$k"),
        params=params(("n|num|flags|mask", "nat")),
        wordings=(
            "Return True if bit $k of $a is set, where bit 0 is the lowest.",
            "Is the binary digit of $a that stands for 2 ** $k a one?",
            "Whether bit number $k (from 0, the least significant) of $a is 1.",
            "Check bit $k of a number.",
            "Given a natural number, test the bit with the value 2 ** $k.",
            "True when $a, shifted right by $k bits, is odd.",
        ),
        consts={"k": (0, 1, 2, 3, 4)},
        body="return $a >> $k & 1 == 1",
        idea="shift right by $k and look at the last bit",
        wrong=("return $a & $k != 0", "return $a >> ($k + 1) & 1 == 1"),
    ),
    Family(
        key="num_set_bit",
        names=("set_bit_$k", "set_bit", "turn_on_bit", "with_bit_$k"),
        params=params(("n|num|flags|mask", "nat")),
        wordings=(
            "Return $a with bit $k set to 1, where bit 0 is the lowest.",
            "Switch bit $k of a number on; it may be on already.",
            "The number $a after its binary digit for 2 ** $k has become 1.",
            "Given flags, turn on the flag with bit number $k (from 0).",
            "What is $a once its bit $k is one?",
            "Set the bit with the value 2 ** $k and keep all others.",
        ),
        consts={"k": (0, 1, 2, 3, 4)},
        body="return $a | 1 << $k",
        idea="or with a one shifted left by $k",
        wrong=("return $a ^ 1 << $k", "return $a | $k"),
    ),
    Family(
        key="num_flip_bit",
        names=("flip_bit_$k", "toggle_bit", "toggle_bit_$k", "invert_bit_$k"),
        params=params(("n|num|flags|mask", "nat")),
        wordings=(
            "Flip bit $k of $a, where bit 0 is the lowest, and return the number.",
            "Toggle the binary digit of $a that stands for 2 ** $k.",
            "The number $a with its bit $k inverted.",
            "Given flags, switch flag number $k (from 0): off becomes on, on becomes off.",
            "What is $a after its bit $k has changed?",
            "Invert only the bit with the value 2 ** $k.",
        ),
        consts={"k": (0, 1, 2, 3, 4)},
        body="return $a ^ 1 << $k",
        idea="xor with a one shifted left by $k",
        wrong=("return $a | 1 << $k", "return $a & ~(1 << $k)"),
    ),
    Family(
        key="num_low_bits",
        names=("low_bits", "lowest_$k", "keep_low_bits", "last_${k}_bits"),
        params=params(("n|num|number", "nat")),
        wordings=(
            "Keep only the lowest $k bits of $a.",
            "Return the number that the last $k binary digits of $a make.",
            "The value of the $k least significant bits.",
            "Given a natural number, clear every bit but the lowest $k.",
            "What is left of $a when all bits above the first $k are cut off?",
            "Mask $a with $k ones.",
        ),
        consts={"k": (1, 2, 3, 4)},
        body="return $a & (1 << $k) - 1",
        idea="and with 2 ** $k - 1",
        wrong=("return $a & $k", "return $a >> $k"),
    ),
    Family(
        key="num_leap_year",
        names=("is_leap_year", "is_leap", "leap_year", "has_leap_day"),
        params=params(("offset|n|years", "int")),
        wordings=(
            "Return True if the year $k + $a is a leap year.",
            "Is the year $a years after $k a leap year in the Gregorian calendar?",
            "Whether February has 29 days $a years after the year $k.",
            "Check the year $k + $a: divisible by 4, and by 400 if it is by 100.",
            "Given an offset in years from $k, tell whether that year is a leap year.",
            "True when the year that lies $a after $k has 366 days.",
        ),
        consts={"k": (1896, 1900, 1990, 1996, 2000, 2023, 2100)},
        body="""year = $k + $a
return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)""",
        idea="apply the rules for 4, 100 and 400",
        wrong=(
            "return ($k + $a) % 4 == 0",
            """year = $k + $a
return year % 4 == 0 and year % 100 != 0""",
        ),
    ),
    Family(
        key="num_weekday_after",
        names=("weekday_after", "day_name", "weekday_in", "which_weekday"),
        params=params(("days|n|offset", "int")),
        wordings=(
            "Return the weekday $a days after a $k, as 'Mon', 'Tue' and so on.",
            "If today is $k, which weekday is it in $a days? Negative numbers go back.",
            "The three-letter name of the day that comes $a days after $k.",
            "Given a number of days, name the weekday that many days from $k.",
            "Count $a days on from $k (back if negative) and return the day's short name.",
            "Which of Mon, Tue, Wed, Thu, Fri, Sat and Sun is $a days after $k?",
        ),
        consts={"k": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")},
        body="""names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
return names[(names.index("$k") + $a) % 7]""",
        idea="add the days to the index of $k, modulo 7",
        wrong=(
            """names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
return names[$a % 7]""",
            """names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
return names[(names.index("$k") + $a + 1) % 7]""",
        ),
    ),
    Family(
        key="num_month_wrap",
        names=("month_after", "add_months", "month_in", "later_month"),
        params=params(("months|n|offset", "int")),
        wordings=(
            "Return the month (1 to 12) that comes $a months after month $k.",
            "Count $a months on from month number $k, starting over after 12.",
            "Which month number is it $a months after month $k? Negative counts go back.",
            "The number of the month $a months later than month $k.",
            "Given a number of months, find where it leads from month $k (12 is followed by 1).",
            "Add $a to month $k and wrap around to stay within 1..12.",
        ),
        consts={"k": (1, 2, 3, 5, 7, 9, 11, 12)},
        body="return ($k - 1 + $a) % 12 + 1",
        idea="shift to 0..11, add, wrap and shift back",
        wrong=("return ($k + $a) % 12", "return $k + $a"),
    ),
    Family(
        key="num_unit_split",
        names=("split_$k", "whole_and_rest", "split_amount", "break_down"),
        params=params(("n|amount|total|count", "nat")),
        wordings=(
            "Return $a as (whole groups of $k, rest).",
            "How many full ${k}s are in $a, and what is left over? Answer with a pair.",
            "The quotient and the remainder of $a divided by $k, as a tuple.",
            "Given an amount, split it into units of $k and what remains.",
            "Divide $a by $k with remainder and return both numbers.",
            "Pack $a pieces into boxes of $k: the number of full boxes and of loose pieces.",
        ),
        consts={"k": (3, 4, 5, 6, 7, 8, 12, 16)},
        body="return $a // $k, $a % $k",
        idea="use floor division and modulo",
        wrong=("return $a % $k, $a // $k", "return $a / $k, $a % $k"),
    ),
    Family(
        key="num_total_minutes",
        names=("total_minutes", "to_minutes", "in_minutes", "duration_minutes"),
        params=params(("hours|h", "nat"), ("minutes|mins|m", "nat")),
        wordings=(
            "Return the minutes in $a hours and $b minutes.",
            "How many minutes are $a hours and $b minutes together?",
            "The duration of $a h $b min, in minutes.",
            "Given hours and minutes, convert both to minutes and add them.",
            "Express $a hours plus $b minutes as a number of minutes.",
            "Turn a duration in hours and minutes into minutes only.",
        ),
        body="return $a * 60 + $b",
        idea="multiply the hours by 60 and add the minutes",
        wrong=("return $a * 100 + $b", "return ($a + $b) * 60"),
    ),
    Family(
        key="num_celsius",
        names=("to_fahrenheit", "celsius_to_fahrenheit", "c_to_f", "fahrenheit"),
        params=params(("celsius|c|degrees|temperature", "int")),
        wordings=(
            "Convert $a degrees Celsius to Fahrenheit, rounded to one decimal.",
            "Return 9 / 5 of $a plus 32, rounded to one place.",
            "The temperature in Fahrenheit that equals $a in Celsius, to one decimal.",
            "How many degrees Fahrenheit are $a degrees Celsius? Round to 0.1.",
            "Given a Celsius temperature, give it in Fahrenheit with one decimal place.",
            "Multiply by 1.8 and add 32 to get Fahrenheit; round to one decimal.",
        ),
        body="return round($a * 9 / 5 + 32, 1)",
        idea="multiply by 9 / 5 and add 32",
        wrong=("return round(($a + 32) * 9 / 5, 1)", "return round(($a - 32) * 5 / 9, 1)"),
    ),
    Family(
        key="num_roman",
        names=("to_roman", "roman", "roman_numeral", "as_roman"),
        params=params(("n|num|number", "pos")),
        wordings=(
            "Return $a (1 to 39) as a Roman numeral.",
            "Write a small positive number with the letters X, V and I.",
            "The Roman numeral of $a, where 4 is 'IV' and 9 is 'IX'.",
            "How did the Romans write $a?",
            "Given a number from 1 to 39, convert it to Roman notation.",
            "Convert $a to Roman digits, with the subtractive forms IV and IX.",
        ),
        body="""result = ""
for value, letters in ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")):
    while $a >= value:
        result += letters
        $a -= value
return result""",
        idea="subtract the largest value that fits and append its letters",
        wrong=(
            """result = ""
for value, letters in ((10, "X"), (5, "V"), (1, "I")):
    while $a >= value:
        result += letters
        $a -= value
return result""",
        ),
    ),
    Family(
        key="num_triangle_kind",
        names=("triangle_kind", "triangle_type", "classify_triangle", "kind_of_triangle"),
        params=params(("x|p|side1", "small"), ("y|q|side2", "small"), ("z|r|side3", "small")),
        wordings=(
            "Return 'equilateral', 'isosceles', 'scalene' or 'none' for the sides $a, $b, $c.",
            "Name the kind of the triangle by its equal sides; 'none' if there is no triangle.",
            "Is it equilateral, isosceles or scalene? 'none' if two sides do not exceed the third.",
            "The type of a triangle by equal sides, 'none' if the sides do not make one.",
            "Given three sides, classify the triangle ('none' without a proper triangle).",
            "'none' if the sides fit no triangle, else what it is called: scalene and so on.",
        ),
        body="""if 2 * max($a, $b, $c) >= $a + $b + $c:
    return "none"
return ("equilateral", "isosceles", "scalene")[len({$a, $b, $c}) - 1]""",
        idea="check the triangle inequality, then count the distinct sides",
        wrong=(
            'return ("equilateral", "isosceles", "scalene")[len({$a, $b, $c}) - 1]',
            """if 2 * max($a, $b, $c) > $a + $b + $c:
    return "none"
return ("equilateral", "isosceles", "scalene")[len({$a, $b, $c}) - 1]""",
        ),
    ),
    Family(
        key="num_quadratic_value",
        names=("quadratic", "evaluate", "polynomial", "quadratic_at"),
        params=params(("x|n|t", "int")),
        wordings=(
            "Return the square of $a plus $k times $a plus $m.",
            "Evaluate the quadratic polynomial x * x + $k * x + $m at $a.",
            "The value of x ** 2 + $k * x + $m for x = $a.",
            "Given a number, add its square, its multiple by $k, and $m.",
            "What is $a squared, plus $k times $a, plus $m?",
            "The height of the parabola x * x + $k * x + $m at $a.",
        ),
        consts={"k": (2, 3, 4, 5, 7), "m": (1, 2, 4, 6, 9)},
        body="return $a * $a + $k * $a + $m",
        idea="add the square, $k times the number, and $m",
        wrong=("return $a * $a + $m * $a + $k", "return $a * 2 + $k * $a + $m"),
    ),
    Family(
        key="num_count_roots",
        names=("count_roots", "number_of_roots", "real_roots", "how_many_solutions"),
        params=params(("p|b1|linear", "int"), ("q|c1|constant", "int")),
        wordings=(
            "Count the real solutions of x * x + $a * x + $b = 0.",
            "How many different real roots has the quadratic with coefficients 1, $a and $b?",
            "The number (0, 1 or 2) of real x with x ** 2 + $a * x + $b == 0.",
            "Given $a and $b, tell how often the parabola x * x + $a * x + $b meets the axis.",
            "Return 0, 1 or 2 by the sign of the discriminant $a ** 2 - 4 * $b.",
            "Find how many real zeros x * x + $a * x + $b has.",
        ),
        body="""d = $a * $a - 4 * $b
if d < 0:
    return 0
return 1 if d == 0 else 2""",
        idea="look at the sign of the discriminant",
        wrong=(
            """d = $a * $a - 4 * $b
return 2 if d >= 0 else 0""",
            """d = $a * $a + 4 * $b
if d < 0:
    return 0
return 1 if d == 0 else 2""",
        ),
    ),
    Family(
        key="num_pass_level",
        names=("level", "rate", "grade", "band"),
        params=params(("score|points|n|value", "int")),
        wordings=(
            "Return 'low' for $a below $k, 'high' from $m on, and 'mid' in between.",
            "Rate a number: under $k is 'low', $m or more is 'high', anything else is 'mid'.",
            "The band of $a: 'low' (< $k), 'mid' or 'high' (>= $m).",
            "Is $a low (less than $k), high (at least $m) or mid?",
            "Given a score, grade it with the thresholds $k for 'mid' and $m for 'high'.",
            "'high' when $a reaches $m, 'mid' when it only reaches $k, 'low' otherwise.",
        ),
        consts={"k": (0, 1, 3, 5, 6), "m": (8, 10, 12, 15, 20)},
        body="""if $a < $k:
    return "low"
return "high" if $a >= $m else "mid\"""",
        idea="test the lower limit, then the upper one",
        wrong=(
            """if $a <= $k:
    return "low"
return "high" if $a > $m else "mid\"""",
        ),
    ),
    Family(
        key="num_factor_exponent",
        names=("times_divisible", "factor_count", "how_often_divisible", "power_of_${k}_inside"),
        params=params(("n|num|number", "pos")),
        wordings=(
            "Count how often $a can be divided by $k without remainder.",
            "How many times does the factor $k occur in $a?",
            "The greatest e for which $k ** e divides $a.",
            "Given a positive number, divide by $k while it goes and count the divisions.",
            "Return the exponent of $k in the factorization of $a.",
            "Find the number of factors $k that can be taken out of $a.",
        ),
        consts={"k": (2, 3, 5)},
        body="""count = 0
while $a % $k == 0:
    $a //= $k
    count += 1
return count""",
        idea="divide by $k while the remainder is 0 and count",
        wrong=("return $a // $k", "return 1 if $a % $k == 0 else 0"),
    ),
    Family(
        key="num_congruent",
        names=("same_remainder", "congruent", "congruent_mod_$k", "equal_modulo"),
        params=params(("m|x|first", "nat"), ("n|y|second", "nat")),
        wordings=(
            "Return True if $a and $b leave the same remainder modulo $k.",
            "Do $a and $b have equal remainders when divided by $k?",
            "Whether two numbers are congruent modulo $k.",
            "Check that the difference of $a and $b is a multiple of $k.",
            "Given two natural numbers, tell whether they agree modulo $k.",
            "True when $k divides $a - $b.",
        ),
        consts={"k": (2, 3, 4, 5, 7, 10)},
        body="return $a % $k == $b % $k",
        idea="compare both remainders modulo $k",
        wrong=("return $a // $k == $b // $k", "return $a == $b % $k"),
    ),
    Family(
        key="num_range_sum",
        names=("sum_between", "range_sum", "sum_from_to", "total_between"),
        params=params(("m|start|x", "int"), ("n|end|y", "int")),
        wordings=(
            "Return the sum of all whole numbers from $a to $b, both included.",
            "Add up $a, $a + 1 and so on until $b; 0 if $a is greater than $b.",
            "The total of the integers between $a and $b, with both ends.",
            "What do the numbers from $a through $b add up to? Nothing (0) if $b < $a.",
            "Given two ends of a range, sum the range with its ends.",
            "Sum every integer that is at least $a and at most $b.",
        ),
        body="return sum(range($a, $b + 1))",
        idea="sum the range up to $b + 1",
        wrong=("return sum(range($a, $b))", "return $a + $b"),
    ),
)
