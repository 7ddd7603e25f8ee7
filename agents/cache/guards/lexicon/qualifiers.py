"""Words that narrow or turn a question when one text has them and the other does not."""

from agents.cache.guards.lexicon.listing import words

QUALIFIERS = words("""
    business personal joint saving savings checking current student senior junior child adult infant family
    corporate commercial individual group team international domestic national regional local foreign global
    overseas abroad online offline mobile desktop web app remote onsite free paid premium basic standard plus pro
    enterprise trial new old existing used young original temporary permanent temporarily permanently expired lost
    stolen damaged broken missing public private full partial total automatic manual automatically manually
    emergency urgent legal illegal federal state city rural urban medical dental electric electronic digital
    virtual physical contactless prepaid secured unsecured fixed variable flexible minimum maximum average gross
    net total black white red green blue yellow male female pregnant diabetic elderly baby dead alive raw cooked
    frozen dry wet hot cold warm big small large little short long high low fast slow early late cheap expensive
    good bad best worst better worse top bottom easy difficult hard safe unsafe dangerous common rare average
    special extra additional secondary primary main alternative same different similar opposite wrong correct
    first last next previous double single multiple second half still already yet again anymore once twice alone
    together separately directly immediately instantly early overnight forever left right inner outer internal
    external incoming outgoing front back upper lower native foreign former latest oldest newest empty open
    closed active inactive pending
    avoid prevent stop refuse deny ban forbid prohibit fail cancel reverse undo quit skip ignore reject decline
    pretend stop almost nearly partly instead otherwise elsewhere
    vegan vegetarian organic gluten sugar dairy nut alcohol caffeine fat salt
    work home office school hospital airport hotel restaurant travel tax insurance loan mortgage credit debit
    gift wife husband mother father son daughter brother sister parent parents kid kids children friend boss
    employee employer landlord tenant dog cat
    side long-term short-term worst-case historical future past""")
