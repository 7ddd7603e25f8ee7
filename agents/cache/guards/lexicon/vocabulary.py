"""Ordinary English words. A word outside the lexicon is treated as a name, which no guard can judge."""

from agents.cache.guards.lexicon.listing import words

ORDINARY = words("""
    ability accept access accident accommodate accord account achieve acid acquire act action activity actor
    actual adapt add address adjust admit adopt adult advance adventure advice affair affect afford age agency
    agent agree agreement aim air aircraft airline airport alarm alcohol alert algorithm alive allergy allocate
    alone alphabet alternative amount analysis analyst ancient angle animal anniversary announce anxiety apology
    appeal appear apple apply appoint appointment approach approve architecture area argue argument arise arm army
    arrange arrest arrive art article artist aspect assess asset assign assistant associate assume attach attack
    attempt attend attention attract audience audio audit average avoid award aware
    baby back background backup badge bag bake balance ball ban band bank bar base baseball basic basis basket
    basketball bath bathroom battery battle beach bean bear beat beautiful beauty bed bedroom beef beer behave
    behavior believe bell belong belt bend benefit bet beyond bird birth birthday bite blame blind block blog
    blood blow board boat body boil bomb bond bone book border bottle bottom bowl box boy brain branch brand brave
    bread break breakfast breath breathe breed bridge brief bring broad browser brush budget build building burn
    bus business busy butter button cable cake calendar call calm camera camp campaign cancer candidate cap
    capable capacity card care career carry case cash cast castle catch category cell certain certificate chain
    chair challenge champion chance channel chapter character charge charity chart chase chat check cheese
    chemical chest chicken chief chip chocolate choice church circle citizen city claim class classic classroom
    clean clear click climate climb clock close cloth clothes cloud club coach coast coat code coffee cold
    collect collection college column combine come command comment commit committee communicate communication
    community compete competition complain complaint complete complex component computer concept concern concert
    condition conduct conference confidence conflict connect connection consider consist construct contact
    contain content contest context continent continue contract contribute control conversation cook cookie cool
    cope copy core corn corner correct cough council count counter country couple course court cover cow cream
    credit crime crisis criteria crop cross crowd cry culture cup cure currency current curve custom cut cycle
    daily damage dance danger data date daughter day deal death debate debt decide decision deck declare decline
    deep degree delay demand democracy depend deposit depression depth derive desert deserve design desire desk
    desktop destination detect determine develop development device diabetes diagram dial diet digital dinner
    direct direction directly dirty disaster discount discover discuss discussion disease dish disk dispute
    distance distribute district divide document dollar domain door dose doubt download draft drag draw drawer
    dream dress drink drive driver drop drug dry duck due duty ear earn earth eat economic economy edge edit
    education egg elect election electric electricity element email embassy emergency emotion employ employee
    employer empty enable encourage energy engage engine engineer enjoy enter entertainment entrance entry envelope
    environment equal equation equipment error escape essay establish estate estimate evening event evidence evil
    evolution exact exam examine example excellent exchange exercise exist existing exit expand expect expense
    expensive experience experiment expert expiration expire export express expression extend extra extract eye
    face fact factor factory fail fair faith fall false family famous fan farm farmer fast fat fault fear feature
    federal feed feel fight figure file fill film filter final finance financial find fine finger fire firm fish
    fit fitness fix flag flame flash flavor flight floor flow flower flu fly focus follow food foot football force
    foreign forest forget form formal format formula fraud free freedom freeze fresh friend frog front fruit fry
    fuel fun fund funny furniture future gain game gap garden gas gate gather general generate generation gift
    girl give glad glass global goal god gold golf good government grade grain grammar grand grant graph grass
    great ground group grow growth guarantee guard guess guest guide guitar gun gym habit hair half hall hand
    handle hang happy hard harm hat head health healthy hear heart heat heavy height help hero hide high hill
    hire history hit hobby hold hole home honest honey hope horse hospital host hot hour house household housing
    hunger hunt hurry hurt hypothesis ice idea identify identity ignore image imagine immune import improve
    improvement include income increase independent index indicate industry infection influence inform ingredient
    initial injury insect inside inspect install instruction instrument insurance interest interested internal
    interview introduce invest investment invite involve iron island issue item jacket job join joint joke journal
    journey judge juice jump key keyboard kick kid kill kitchen knee knife know knowledge label labor lack lake
    lamp land language laptop late laugh launch law lay layer lead leader leaf league learn leather leave lecture
    left leg lesson letter level library lie life lift light limit limitation line link lip list listen literature
    live loan local lock log long look lose loss loud love low luck lunch lung machine magazine mail main maintain
    major man manage management manager map mark market marriage marry mask mass master match material math matter
    meal measure meat media medical medicine meet meeting member memory mental menu merge message metal meter
    middle migrate migration milk mind mine minister minor minute miss missing mission mistake mix mode model
    modern module moment money monitor moon moral morning mortgage mother motor mountain mouse mouth move music
    mystery name nation national native nature neck need neighbor nerve network news newspaper nice night noise
    normal north nose note notice notification notify novel number nurse nutrition object objective observe
    occupy offer office officer official oil onion opening operate operation opinion opportunity option orange
    order organization origin original outcome outlet output oven overdraft overview owe owner package page pain
    paint pair palace pan panel paper parent park parking part particular partner party pass passage passenger
    passport password past path patient pattern peace peak pen pencil penalty people pepper percent perfect
    perform performance period permission person personal pet philosophy phone phrase physical piano piece pig
    pill pilot pin pipe pitch pizza place plan plane planet plant plastic plate platform play player pleasure
    plug pocket poem poet poetry point poison police policy political politics pollution pool poor popular
    population pork port portfolio position positive possess post pot potato pound power practice pray prefer
    pregnancy preparation prepare present president press pressure price prime print printer prison privacy
    private prize problem procedure process produce product production profession professor profile profit
    program progress project promise promote proof property proposal protect protein protest proud prove provide
    provider public publish pull pump punish pupil purpose push put quality question queue quick quote race radio
    rain range rank rate ratio raw reaction read reader ready real reality reason receipt recent recipe record
    recover recovery recycle red reduce refer reference reform regard region regret regular regulation reject
    relate relation relationship release relief religion rely remain remember remind remote remove rent report
    represent republic request rescue research reserve reset resident resource respect response responsibility
    rest restaurant result resume retire retirement return review revolution reward rice rich ride right ring
    rise risk river road rock role roll roof room root rope round route routine row royal rule run rush sad sail
    salad sale salt sample sand sauce save scale scan scene schedule school science scientist scope score screen
    script sea search season seat secret section sector secure security see seed seek sell send senior sense
    sentence separate series serious serve server service session set setting setup settle sex shake shape share
    sheep sheet shelf shell shift ship shipment shirt shock shoe shoot shop short shot shoulder shower shut sick
    side sight sign signal silver sing singer single sink sit site situation size skill skin sky sleep slice slide
    slip slow smart smell smile smoke snake snow social society sock software soil soldier solution solve song
    sort sound soup source south space speak special species speech speed spell spend spirit split sport spot
    spread spring square staff stage stair stamp stand standard star state statement station statistic status
    stay steal steam steel step stick stock stone stop storage store storm story strange strategy stream street
    strength stress stretch strike string strip stroke strong structure struggle student study style subject
    submit substance succeed success sugar suit summer sun supply support surface surgery surprise surround survey
    survive suspend sweet swim swimming switch symbol system table tail take talk target task taste tax taxi tea
    teach teacher team tear technology teeth tell template term terms test text thank theme theory therapy thick
    think throat throw ticket tie tight time tip title toe token tomato tone tongue tool tooth top topic total
    touch tour tourist tournament tower town toy trade tradition traffic train training transaction transfer
    transform transport travel treat treatment tree trend trial trick trip trouble truck true trust truth turn type
    understand union unit university upload upset usage use user usual vacation value van variable variety vegetable
    vehicle version victim video view village violence virus visa visit vitamin voice volume vote wait wake walk
    wall wallet war warm warning warranty wash waste watch water wave weak wealth weapon wear web wedding weigh
    weight welcome west wheel white wide wife wild win wind window wine wing winter wire wise wonder wood word
    work worker world worry worth wound write yard yellow young zone
    limits terms conditions eligibility eligible wifi available availability balance statement interest branch
    transaction beneficiary payee swift iban atm pin cvv cashback overdraft standing instalment installment
    deductible premium coverage claim policy broker dividend portfolio stock bond fund equity yield asset
    recommend recommended safe unsafe legal valid invalid required allowed enough nearby popular famous main""")

# Forms that have a meaning of their own.
DISTINCT = words("""
    evening news seed feed incoming income used checking building parking housing boarding""")

IRREGULAR = """
    go went gone | send sent | buy bought | sell sold | pay paid | get got gotten | make made | take took taken
    give gave given | find found | lose lost | keep kept | think thought | tell told
    become became | begin began begun | break broke | bring brought | build built | catch caught
    choose chose chosen | come came | draw drew drawn | drink drank drunk | drive drove driven | eat ate eaten
    fall fell fallen | feel felt | fight fought | fly flew flown | forget forgot forgotten | freeze froze
    grow grew grown | hear heard | hide hid | hold held | know knew known | lay laid | lead led | learn learnt
    lend lent | mean meant | meet met | ride rode ridden | ring rang rung | rise rose risen
    run ran | say said says saying | see saw seen seeing | shake shook shaken | shoot shot | show shown | sing sang sung
    sink sank sunk | sit sat | sleep slept | speak spoke spoken | spend spent | stand stood | steal stole
    swim swam swum | teach taught | tear tore torn | throw threw thrown | understand understood | wake woke woken
    wear wore worn | win won | write wrote written | withdraw withdrew withdrawn | man men | woman women
    child children | person people | foot feet | tooth teeth | mouse mice | life lives | wife wives | knife knives
    leaf leaves | half halves | die died dying dies | tie tied tying | criterion criteria
    analysis analyses | crisis crises | index indices indexes
"""
