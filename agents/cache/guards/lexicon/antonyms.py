"""Words that turn a question into another one when put for each other.

Each item holds the two sides of an opposition, in base form: any word of the left against any of the right.
General English, with the verbs and nouns of customer desks, software, finance, travel and health.
"""

OPPOSITES = """
    open unlock reopen - close shut lock | on - off | enable activate - disable deactivate
    switch-on - switch-off
    increase raise grow gain rise maximize boost - decrease lower reduce shrink lose fall drop minimize cut
    expand extend add lengthen - contract shorten remove shrink | before prior - after following
    incoming inbound - outgoing outbound | send - receive | first initial - last final
    start begin launch commence resume - stop end finish terminate pause quit halt | buy purchase - sell
    borrow - lend repay | lend loan - borrow repay | deposit - withdraw | credit - debit | asset - liability
    income revenue earnings - expense cost spending | profit gain - loss | surplus - deficit shortage
    bull bullish - bear bearish | long - short | import - export | upload - download | upgrade - downgrade
    update - rollback revert | install - uninstall remove | login - logout
    register subscribe enroll join - unsubscribe deregister leave unenroll
    connect attach join link pair - disconnect detach split unlink unpair | include contain - exclude omit
    accept approve allow permit authorize - reject decline deny refuse block ban forbid prohibit disallow
    legal lawful - illegal unlawful | grant - revoke deny | block ban mute - unblock unban unmute
    freeze - unfreeze thaw | lock - unlock | encrypt encode - decrypt decode
    compress zip - decompress unzip extract | mount - unmount | push - pull | read - write | load - unload save
    save - delete spend waste | show display reveal unhide - hide conceal
    create make build add insert - delete remove destroy erase drop | save keep retain - discard delete remove
    backup - restore | publish - unpublish withdraw | follow like - unfollow unlike dislike
    hire employ recruit - fire dismiss sack | arrive come enter - depart leave go exit
    arrival entry entrance - departure exit | in into - out | i - me | we - us | he - him | they - them
    inside indoor indoors interior internal inner - outside outdoor outdoors exterior external outer
    up upward above over top upper - down downward below under beneath bottom lower | left - right
    north northern - south southern | east eastern - west western
    front forward forwards ahead - back rear backward backwards behind | high tall - low short
    hot warm heat warming - cold cool freeze cooling | early - late | old ancient - new young modern
    new - used existing | fast quick rapid - slow | faster quicker - slower | accelerate - decelerate slow brake
    big large huge major - small little tiny minor | bigger larger - smaller | long longer - short shorter
    wide broad - narrow | thick - thin | heavy - light | deep - shallow | strong - weak | stronger - weaker
    strength strengthen - weakness weaken | hard difficult - easy simple | hard - soft | harder - easier
    rich wealthy - poor | cheap inexpensive - expensive costly | cheaper cheapest - dearer priciest
    good great positive - bad poor negative terrible | better best - worse worst
    benefit advantage pro upside strength - drawback disadvantage con downside risk weakness
    right correct true accurate - wrong incorrect false inaccurate | truth - lie
    safe secure - unsafe dangerous insecure risky | healthy well - unhealthy sick ill | clean - dirty
    full - empty partial | empty - fill | wet - dry | bright light - dark dim | loud - quiet silent
    day - night | morning - evening night | sunrise dawn - sunset dusk | summer - winter | spring - autumn fall
    alive live - dead | birth born - death die | live - die
    male man boy husband father brother son - female woman girl wife mother sister daughter
    parent adult - child | child - adult | uncle nephew - aunt niece | king prince - queen princess
    friend ally - enemy | love like - hate dislike | happy - sad unhappy | laugh - cry
    win victory - lose defeat | succeed success pass - fail failure | winner - loser
    attack offense - defend defense | war - peace | begin beginning start - ending end finish | always - never
    all every - none no | everything - nothing | everyone everybody - nobody
    more most - less least fewer fewest | many - few | maximum max - minimum min | least - most
    above over exceed - below under | with - without | from - to | and - or | for - against | until - after
    buyer customer client borrower tenant employee - seller vendor lender landlord employer | buyer - seller
    customer - supplier | tenant renter - landlord | borrower debtor - lender creditor
    employee worker staff - employer boss manager | teacher - student | doctor - patient
    sender - receiver recipient | payer - payee | plaintiff - defendant | host - guest | client - server
    producer publisher - consumer subscriber | source origin - destination target | input - output
    request question ask - response answer reply | cause - effect prevent cure | supply - demand
    public - private | open-source - proprietary
    domestic national local - international foreign global overseas abroad | urban - rural | online - offline
    remote - local onsite | manual - automatic | automate - manual | temporary - permanent
    fixed - variable flexible floating | static - dynamic | mandatory compulsory required - optional voluntary
    single married - divorced | single - married multiple joint double | married marry - divorced divorce
    marriage - divorce | one-way single - return roundtrip
    individual personal - business corporate joint group commercial | free - paid | paid - unpaid
    taxable - exempt | gross - net | fresh - stale rotten | raw - cooked | fasting - eating | hunger - thirst
    sweet - sour bitter | acid acidic - alkaline base | acute - chronic | benign - malignant
    infect - disinfect | inhale - exhale | hyper - hypo | hypertension - hypotension
    hyperglycemia - hypoglycemia | hyperthyroidism - hypothyroidism | systolic - diastolic | artery - vein
    inflation - deflation | appreciate - depreciate | appreciation - depreciation | bond debt - stock equity
    call - put | bid - ask | assemble - disassemble dismantle | tighten - loosen | tie - untie | wrap - unwrap
    pack - unpack | fold - unfold | button - unbutton | zip - unzip | plug - unplug | dress - undress
    screw - unscrew | cover - uncover | appear - disappear vanish | agree - disagree | obey - disobey
    trust - distrust | approve - disapprove | honest - dishonest | respect - disrespect
    comfort comfortable - discomfort uncomfortable | qualify - disqualify | continue - discontinue stop
    engage - disengage | available - unavailable | eligible - ineligible | valid - invalid expired
    active - inactive | visible - invisible hidden | complete - incomplete | dependent - independent
    direct - indirect | formal - informal | finite - infinite | mature - immature | mortal - immortal
    patient - impatient | perfect - imperfect | polite - impolite rude | possible - impossible
    probable likely - improbable unlikely | pure - impure | rational - irrational | regular - irregular
    relevant - irrelevant | responsible - irresponsible | reversible - irreversible | logical - illogical
    literate - illiterate | known - unknown | certain sure - uncertain unsure
    common usual normal - uncommon unusual rare abnormal | fair - unfair | familiar - unfamiliar
    stable - unstable | necessary - unnecessary | pleasant - unpleasant | reliable - unreliable
    successful - unsuccessful | useful - useless | harmful - harmless | careful - careless | painful - painless
    helpful - unhelpful | hopeful - hopeless | powerful - powerless | load-bearing - decorative
    understand - misunderstand | behave - misbehave | wear - remove | absent - present | absence - presence
    past - future | previous past last former - next future upcoming current | previous - next following
    oldest earliest - newest latest | now - later | tomorrow - yesterday
    ascend ascending climb - descend descending | asc - desc | horizontal - vertical | row - column
    convex - concave | clockwise - counterclockwise anticlockwise | inner - outer | major - minor | odd - even
    positive - negative | plus add sum - minus subtract difference | multiply - divide | numerator - denominator
    square - root | integrate integral - differentiate derivative | max - min | singular - plural
    vowel - consonant | noun - verb | synonym - antonym | prefix - suffix | theory - practice
    quality - quantity | cause - consequence | hero - villain | innocent - guilty | guilty - innocent
    sink - float | solid - liquid gas | melt - freeze | expand - contract | predator - prey
    wild - tame domestic | above - beneath | awake wake - asleep sleep | remember - forget | find - lose hide
    found - lost | give - take receive | lead - follow | speak talk - listen | teach - learn | throw - catch
    ask - answer | arrive - leave | land - takeoff | takeoff - landing | sit - stand | pull - push | hit - miss
    build construct - demolish destroy | repair fix mend - break damage | broken - fixed working
    protect - harm expose | help - hinder | encourage - discourage | support - oppose | praise - criticize
    reward - punish | permit - forbid | merge combine - split separate | together - apart separately
    same identical equal - different opposite | similar - different | similarity - difference
    symmetric - asymmetric | sync synchronous - async asynchronous | mutable - immutable | sparse - dense
    lossy - lossless | pending - completed settled | scheduled - cancelled unscheduled
    book reserve schedule - cancel | renew - cancel | confirm - cancel | pay - refund owe
    charge - refund discharge | discount - surcharge | bonus - penalty | minority - majority | debit - credit
    checkin - checkout | boarding - disembarking | weekday - weekend | vegetarian vegan - meat
    organic - synthetic | natural - artificial | analog - digital | wired - wireless | landscape - portrait
    uppercase - lowercase | upstream - downstream | frontend - backend | hardware - software
    beginner novice - expert advanced | amateur - professional | junior - senior | pro - con | offer - demand
    underweight - overweight | overpay - underpay | overestimate - underestimate | employed - unemployed
    insured - uninsured | licensed - unlicensed | limited - unlimited | verified - unverified
    signed - unsigned | armed - unarmed | sighted - blind | sober - drunk | cancel - keep renew
"""
