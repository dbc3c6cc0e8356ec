"""The words that grading knows: what carries no content, what turns a statement round."""

# What any English sentence is held together by; it tells nothing about its content.
FUNCTION = frozenset(
    """a about above after again all also am an and any are as at be because been before being
    below between both but by can could did do does doing done down during each either else ever
    every for from further had has have having he her here hers him his how however i if in into
    is it its itself just like may me might more most much must my no nor not of off on once only
    or other others our out over own rather same shall she should since so some such than that the
    their them then there therefore these they this those though through thus to too under until
    up upon us very was we were what when where whereas whether which while who whose why will
    with within without would yet you your yours
    among amongst per via onto beside besides despite
    one ones thing things way ways well really basically simply actually even still get gets got
    make makes made let lets use uses used using mean means meant say says said answer question
    is'nt don't it's that's they're we're you're let's""".split()
)

# Of the words above those that can make the difference: they count as content all the same.
TELLING = frozenset(
    """above after again all any before below between both down during each every from into more
    most much no not off once only other over own same through under until up very without one
    even still""".split()
)

VERBS = frozenset(
    """is are was were be been being am has have had do does did can could will would may might
    must should shall goes go went gets get got makes make made takes take took gives give gave
    points leads lead led lowers lower raises raise increases increase decreases decrease reduces
    reduce grows grow falls fall rises rise sets set controls control determines determine tells
    tell told means mean meant shows show shown lets let allows allow helps help keeps keep kept
    stays stay becomes become became remains remain depends depend measures measure compares
    compare computes compute calculates calculate counts count adds add subtracts subtract divides
    divide multiplies multiply learns learn learned predicts predict trains train tests test
    needs need wants want uses use used finds find found sees see saw looks look says say said
    thinks think thought knows know knew works work worked happens happen happened changes change
    changed moves move moved steps step stepped turns turn turned tries try tried fits fit fitted
    prevents prevent avoids avoid stops stop ends end starts start begins begin holds hold held
    contains contain includes include consists consist represents represent describes describe
    explains explain stands stand stores store saves save sends send reads read writes write
    produces produce returns return creates create builds build splits split chooses choose
    selects select picks pick minimizes minimize maximizes maximize weights weight scales scale
    normalizes normalize affects affect influences influence contributes contribute matters
    matter causes cause results result comes come came follows follow breaks break fails fail
    misses miss overfits overfit underfits underfit generalizes generalize memorizes memorize
    approximates approximate estimates estimate updates update corrects correct averages average
    combines combine sums samples sample draws draw penalizes penalize punishes shrinks shrink
    stretches stretch cancels cancel vanishes vanish explodes explode converges converge diverges
    diverge oscillates jumps jump dominates dominate outweighs agrees agree differs differ equals
    equal costs cost requires require loses lose gains gain doubles halves explores exploit
    exploits copies copy leaks leak cheats cheat maps map encodes encode decodes decode belongs
    refers refer calls call passes pass runs run executes execute provides provide isn't aren't
    doesn't don't can't won't wasn't weren't couldn't wouldn't shouldn't cannot it's that's
    they're we're you're""".split()
)  # fmt: skip

# Each line: words of one end of a scale, then those of the other. Swapping makes a statement false.
_SCALES = """
increase grow rise raise ascend gain enlarge expand | decrease shrink fall reduce descend drop diminish lower lessen decline
uphill up upward | downhill down downward
more many much most | less few little fewer least
large big huge great | small tiny little
high | low
long | short
fast quick rapid | slow
strong | weak
maximum max maximal | minimum min minimal
maximize | minimize
same equal identical alike similar | different differ unequal distinct dissimilar
unchanged constant fixed | changed varying
always | never
every all | none
before | after
early earlier | late later
first | last
near close | far
toward | away
add | remove
positive | negative
better | worse
good | bad poor
easy | hard difficult
possible | impossible
likely probable | unlikely improbable
stable | unstable
known | unknown
independent | dependent
biased | unbiased
linear | nonlinear
wide broad | narrow
deep | shallow
inside | outside
above | below
begin start | end stop finish
true | false untrue
correct | incorrect
keep preserve retain | lose discard
include | exclude
multiply | divide
overfit | underfit
supervised | unsupervised
frequent common | rare
dense | sparse
cheap | expensive
local | global
explore exploration | exploit exploitation
succeed | fail
useful | useless
necessary | unnecessary
sensitive | insensitive
significant | insignificant
reliable | unreliable
fair | unfair
new unseen | old seen
""".strip().splitlines()

SCALES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = tuple(
    (tuple(line.split("|")[0].split()), tuple(line.split("|")[1].split())) for line in _SCALES
)

IRREGULAR = {
    form: base
    for base, forms in {
        "grow": "grew grown", "fall": "fell fallen", "rise": "rose risen", "keep": "kept",
        "hold": "held", "find": "found", "make": "made", "take": "took taken",
        "go": "went gone goes", "lose": "lost", "see": "saw seen", "know": "knew known",
        "choose": "chose chosen", "draw": "drew drawn", "begin": "began begun",
        "become": "became", "give": "gave given", "show": "shown", "write": "wrote written",
        "lead": "led", "shrink": "shrank shrunk", "break": "broke broken", "come": "came",
        "forget": "forgot forgotten", "catch": "caught", "think": "thought", "tell": "told",
        "say": "said", "bring": "brought", "build": "built", "send": "sent", "split": "splitted",
        "spread": "spreaded", "stand": "stood", "run": "ran", "die": "died dying death",
        "data": "datum", "vertex": "vertices", "matrix": "matrices", "index": "indices",
        "optimum": "optima", "minimum": "minima", "maximum": "maxima", "mean": "means",
        "few": "fewer fewest", "bad": "worst", "better": "best", "less": "least",
        "far": "farther farthest further furthest", "early": "earlier earliest",
        "analysis": "analyses", "hypothesis": "hypotheses", "axis": "axes",
        "neighbor": "neighbour neighbours neighbouring", "color": "colour colours",
        "behavior": "behaviour behaviours", "labeled": "labelled", "center": "centre centres",
    }.items()
    for form in forms.split()
}  # fmt: skip

ADJECTIVES = frozenset(
    """large big high low long short fast slow strong weak close near wide deep late old new hard
    easy simple small great rare fine coarse sharp smooth steep flat broad narrow cheap safe strict
    loose rough tiny quick poor rich soft dense thin thick dark light clear noisy likely""".split()
)
NUMBERS = dict(
    zip(
        "zero one two three four five six seven eight nine ten eleven twelve hundred".split(),
        "0 1 2 3 4 5 6 7 8 9 10 11 12 100".split(),
        strict=True,
    )
)
GREEK = dict(
    zip(
        "αβγδεζηθικλμνξπρστφχψω",
        """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma
        tau phi chi psi omega""".split(),
        strict=True,
    )
)
# Letters of other alphabets that look like Latin ones.
LOOKALIKES = dict(
    zip(
        "аеорсухіјѕһԁԛԝɡҏԍмткнвгАЕОРСУХІЈЅНКМТВαορντυικεѵⅼ∣ո",
        "aeopcyxijshdqwgpgmtkhbrAEOPCYXIJSHKMTBaopvtuikevlln",
        strict=True,
    )
)
