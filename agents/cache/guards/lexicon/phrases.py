"""Several words that act as one, and openings that ask politely without asking anything else."""

# Left is read as right ("-" for nothing at all); the words are matched in base form, after contractions are undone.
PHRASES = """
    log in : login
    log into : login
    log on : login
    sign in : login
    sign into : login
    log out : logout
    log off : logout
    sign out : logout
    sign up : register
    set up : setup
    turn on : switch-on
    switch on : switch-on
    turn off : switch-off
    switch off : switch-off
    get rid of : remove
    check in : checkin
    check out : checkout
    take off : takeoff
    find out : learn
    look up : search
    look for : search
    opt in : opt-in
    opt out : opt-out
    e mail : email
    web site : website
    user name : username
    wi fi : wifi
    two factor : 2fa
    one way : one-way
    round trip : roundtrip
    long term : long-term
    short term : short-term
    credit card : credit-card
    no longer : not again
    any more : again
    any longer : again
    at least : minimum
    at most : maximum
    at the most : maximum
    up to : maximum
    more than : over
    greater than : over
    less than : under
    fewer than : under
    a lot of : many
    lots of : many
    a few : some
    a little : some
    instead of : instead
    rather than : instead
    other than : except
    apart from : except
    except for : except
    because of : because
    due to : because
    in order to : to
    so that : to
    going to : will
    have to : must
    has to : must
    had to : did must
    need to : must
    had better : should
    in case : if
    provided that : if
    as long as : if
    even if : although
    as well as : and
    how come : why
    what time : when
    at what time : when
    for what reason : why
    how do you : how do i
    how can you : how do i
    how would you : how do i
    how does one : how do i
    how would i : how do i
    what is the way to : how do i
    what is a way to : how do i
    what is the best way to : how do i
    what is a good way to : how do i
    what is the easy way to : how do i
    what is the right way to : how do i
    what is the proper way to : how do i
    what would be the best way to : how do i
    what should i do to : how do i
    what do i do to : how do i
    what do i need to do to : how do i
    what do i have to do to : how do i
    how do i go about : how do i
    how can i go about : how do i
    how should i go about : how do i
    how would i go about : how do i
    what way can i : how do i
    what are the step to : how do i
    what step do i take to : how do i
    what is the procedure for : how do i
    what is the procedure to : how do i
    what is involved in : how do i
    is it possible to : can i
    is there a way to : can i
    is there any way to : can i
    am i able to : can i
    will i be able to : can i
    can i be able to : can i
    am i allowed to : can i
    is it ok to : can i
    is it okay to : can i
    is it alright to : can i
    is it necessary to : must i
    what is the height : how_tall
    what is the age : how_old
    what is the weight : how_heavy
    what is the distance : how_far
    the way to : how do i
    a way to : how do i
    way to : how do i
    the step to : how do i
    step to : how do i
    instruction to : how do i
    instruction for : how do i
    step by step : -
    as soon as possible : immediately
    right now : now
    right away : immediately
    at the moment : now
    these days : now
    do not worry : -
    by the way : -
"""

# Dropped at the start of a text, as often as they come.
OPENINGS = """
    hi | hello | hey | dear | please | kindly | ok | okay | well | so | and | good morning | good afternoon
    good evening | excuse me | sorry | thanks | there | quick question | question | just
    can you | could you | would you | will you | can you please | could you please | would you please
    would you mind | can you help me | could you help me | can i ask | may i ask
    tell me | let me know | explain to me | help me understand | remind me | show me | inform me
    can someone tell me | can anyone tell me | can someone explain | does anyone know | do you know
    do you happen to know | any idea | i wonder | i am wondering | i was wondering | just wondering
    i want to know | i would like to know | i need to know | i would love to know | i want to find out
    i would like to ask | i want to ask | i have a question | i have a question about | i am curious
    i am trying to understand | i want to understand | i do not understand | i do not know
    i would like | i want | i need help | help me | i am looking for
    i would like to understand | i need help understanding | i am not sure
"""
