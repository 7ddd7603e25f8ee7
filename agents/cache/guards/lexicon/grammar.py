"""The closed classes of English: the words that carry a sentence's structure, by what they do in it."""

from agents.cache.guards.lexicon.listing import table, words

ARTICLES = words("a an the this that these those")
AUXILIARIES = words("""
    am is are was were be been being do does did doing done have has had having get got gets getting gotten
    can could may might must shall should will would ought need to going let""")
PRONOUNS = words("""
    i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her
    hers herself they them their theirs themselves it its itself someone somebody something anyone anybody
    anything""")
PREPOSITIONS = words("""
    of in on at for about with through via using regarding inside within to from by into onto towards toward
    against over under above below behind between among since during per like as than off out up down back away
    before after until till without beside besides near along across around""")
CONJUNCTIONS = words("""
    and or but if unless because while although though despite except instead so whether nor then else plus""")

# Politeness and padding: said or left out, the question stays the same.
FILLERS = words("""
    please kindly thanks thank hi hello hey dear ok okay well um hmm oh actually basically really simply just very
    quite rather pretty exactly precisely specifically generally usually typically possibly maybe perhaps
    currently presently there here too also want wants wanted wanting wish like liked try tries tried trying
    able such own kind sort thing things stuff bit etc eg ie vs
    sure able help helps s t d m re ve ll""")

NEGATORS = words("""
    not never no none nobody nothing nowhere neither nor without hardly barely scarcely seldom rarely lack lacking
    ain't""")

# Said without the apostrophe, as people type.
BARE_CONTRACTIONS = table("""
    dont: do not | doesnt: does not | didnt: did not | cant: can not | cannot: can not | couldnt: could not
    wont: will not | wouldnt: would not | shouldnt: should not | isnt: is not | arent: are not
    wasnt: was not | werent: were not | havent: have not | hasnt: has not | hadnt: had not
    mustnt: must not | neednt: need not | im: i am | ive: i have | whats: what is | hows: how is
    wheres: where is | whos: who is | thats: that is | unable: not able | impossible: not can | gonna: going to
    wanna: want to | gotta: have to | asap: as soon as possible | e.g: eg | i.e: ie""")
NEGATED_STEMS = {"ca": "can", "wo": "will", "sha": "shall", "ai": "is"}
CONTRACTION_TAILS = {"s": "is", "m": "am", "re": "are", "ve": "have", "ll": "will", "d": "would"}
# Words after which 's is "is" (elsewhere it is taken as the possessive, and dropped).
TAKES_IS = words("what who where when why how which it that there here he she this let")

QUESTIONS = {
    "what": "what", "which": "what", "who": "who", "whom": "who", "whose": "whose", "when": "when",
    "where": "where", "why": "why", "how": "how",
}  # fmt: skip
# "how" and one of these is one interrogative.
MEASURES = words("much many long often far old big fast soon late early large tall high deep heavy well quickly")
# A text that opens with one of these asks for yes or no.
OPENERS = words("""
    am is are was were do does did have has had can could may might must shall should will would if whether""")

MODALS = {
    "can": "can", "could": "can", "may": "can", "might": "can", "possible": "can",
    "should": "should", "ought": "should",
    "must": "must", "need": "must", "required": "must", "necessary": "must", "mandatory": "must",
    "obligatory": "must", "shall": "must",
}  # fmt: skip
TENSES = {
    "was": "past", "were": "past", "did": "past", "had": "past", "been": "past",
    "is": "present", "are": "present", "am": "present", "do": "habit", "does": "habit",
    "will": "future",
}  # fmt: skip
# "How long will it take" is "how long does it take", but "who will be king" is not "who is king".
TENSE_CLASHES = frozenset(
    frozenset(pair) for pair in (("past", "present"), ("past", "habit"), ("past", "future"), ("present", "future"))
)

PERSONS = {
    **dict.fromkeys(words("i me my mine myself we us our ours ourselves"), "first"),
    **dict.fromkeys(words("you your yours yourself yourselves"), "second"),
    **dict.fromkeys(words("he him his himself"), "he"),
    **dict.fromkeys(words("she her hers herself"), "she"),
    **dict.fromkeys(words("they them their theirs themselves"), "they"),
}
SUBJECTS = words("i we you he she they who it")
BE = words("is are am was were be been being get got gets getting")

QUANTIFIERS = {
    **dict.fromkeys(words("all every each both everyone everybody everything entire whole always"), "all"),
    **dict.fromkeys(words("some several sometimes partly partially"), "some"),
    **dict.fromkeys(words("many often frequently much lots"), "many"),
    **dict.fromkeys(words("few little occasionally"), "few"),
    **dict.fromkeys(words("most mostly majority"), "most"),
    **dict.fromkeys(words("only solely exclusively merely"), "only"),
    **dict.fromkeys(words("minimum least"), "least"),
    **dict.fromkeys(words("maximum"), "at most"),
    "more": "more", "less": "less", "fewer": "less", "another": "another",
    "other": "other",
}  # fmt: skip

# Prepositions that give the next noun its part: swapping them swaps who does what to whom.
ROLES = {
    "from": "from", "to": "to", "into": "to", "onto": "to", "towards": "to", "toward": "to",
    "in": "in", "on": "in", "at": "in", "inside": "in", "within": "in",
    "against": "against", "over": "over", "above": "over", "under": "under", "below": "under",
    "behind": "behind", "between": "between", "among": "between", "since": "since", "per": "per",
    "as": "as", "off": "off", "beside": "near", "near": "near", "around": "near",
}  # fmt: skip
# Markers whose clause is part of the question: present on one side only, or before another word, they flip it.
CLAUSES = words("""
    before after until till unless if because than instead while except despite although though by during without""")

# Particles that change the verb they follow.
PARTICLES = words("up down off out back away over under again")

# Words another language uses all the time and English does not.
FOREIGN = words("""
    der das und ist nicht ich wie kann mein meine ein eine einen mit fur für den dem auf wo warum wird sind bitte
    el los que qué como cómo puedo mi por para una uno del esta está cuanto cuánto donde dónde cuando cuándo
    je est pas les des une dans pour avec mon ma mes comment quel quelle quels où sur vous puis
    il di che non posso mio mia come quando dove perché sono della
    o os um uma não meu minha posso onde quanto
    het een niet mijn wat waar hoe ik kan naar
    jak nie się czy moje moja jest gdzie
    och inte hur jag kan min mitt är att det
    ve bir bu nasıl için ne""")
