"""Things that stand in many questions; each line is a variable in the notation of `training.verifier.grammar`."""

SLOTS = """
country = Germany ~ Japan ~ Brazil ~ Canada ~ India ~ Kenya ~ Norway ~ Mexico ~ Spain ~ Italy ~ Egypt ~ Austria ~
  Australia ~ Sweden ~ Switzerland ~ the United States|the US|the USA|America ~ the United Kingdom|the UK ~
  the Netherlands ~ South Korea ~ North Korea ~ Poland ~ Portugal ~ Turkey ~ Vietnam ~ Thailand ~ New Zealand ~
  South Africa ~ Argentina ~ Chile ~ Ireland ~ Iceland ~ Greece ~ France ~ Iran ~ Iraq ~ Peru ~ China ~ Russia
city = Paris ~ London ~ Berlin ~ Tokyo ~ Rome ~ Madrid ~ Chicago ~ Boston ~ Sydney ~ Melbourne ~ Toronto ~ Dubai ~
  New York|New York City|NYC ~ Los Angeles|LA ~ San Francisco ~ Lisbon ~ Vienna ~ Prague ~ Dublin ~ Mumbai ~ Seoul ~
  Singapore ~ Cairo ~ Oslo ~ Munich ~ Barcelona ~ Seattle ~ Denver ~ Miami ~ Istanbul ~ Athens ~ Nairobi
month = January|Jan ~ February|Feb ~ March ~ April ~ May ~ June ~ July ~ August ~ September|Sept ~ October|Oct ~
  November|Nov ~ December|Dec
weekday = Monday ~ Tuesday ~ Wednesday ~ Thursday ~ Friday ~ Saturday ~ Sunday
year = 1995 ~ 2001 ~ 2008 ~ 2012 ~ 2016 ~ 2019 ~ 2020 ~ 2021 ~ 2022 ~ 2023 ~ 2024 ~ 2025
n = two|2 ~ three|3 ~ four|4 ~ five|5 ~ six|6 ~ seven|7 ~ eight|8 ~ ten|10 ~ twelve|12 ~ fifteen|15 ~ twenty|20 ~
  thirty|30 ~ forty|40 ~ fifty|50 ~ a hundred|100|one hundred ~ 25|twenty-five ~ 45 ~ 72 ~ 90 ~ 24
amount = $50|50 dollars ~ $100|100 dollars ~ $250|250 dollars ~ $500|500 dollars ~ $1,000|1000 dollars|$1000 ~
  $5,000|5000 dollars ~ $10,000|10,000 dollars|$10k ~ $20|20 dollars|20 bucks ~ 200 euros|€200 ~ 75 pounds|£75
period = a day ~ a week ~ a month ~ a year ~ two weeks|a fortnight|14 days ~ six months|half a year ~ 30 days ~
  90 days ~ 24 hours ~ three days|72 hours
currency = dollars|USD|US dollars ~ euros|EUR ~ yen|Japanese yen ~ pounds|British pounds|GBP ~ rupees|Indian rupees ~
  Swiss francs|CHF ~ Canadian dollars|CAD ~ pesos|Mexican pesos
language = Python ~ Java ~ JavaScript|JS ~ C++ ~ Go|Golang ~ Rust ~ Ruby ~ PHP ~ TypeScript ~ Kotlin ~ Swift ~ C# ~ C
tongue = Spanish ~ French ~ German ~ Italian ~ Mandarin ~ Japanese ~ Arabic ~ Portuguese ~ Hindi ~ Korean ~ Dutch
device = phone|smartphone ~ laptop|notebook ~ tablet ~ printer ~ router ~ TV|television ~ camera ~ smart watch ~
  headphones ~ keyboard ~ game console ~ microwave ~ dishwasher ~ washing machine|washer ~ thermostat ~ e-reader
app = Gmail ~ Outlook ~ Slack ~ Zoom ~ Netflix ~ Spotify ~ WhatsApp ~ Instagram ~ Facebook ~ Dropbox ~ Excel ~ Word ~
  PayPal ~ Uber ~ Amazon ~ YouTube ~ LinkedIn ~ Twitter ~ Venmo ~ Photoshop ~ Chrome ~ Firefox ~ Trello ~ GitHub
disease = diabetes ~ asthma ~ the flu|influenza ~ pneumonia ~ measles ~ high blood pressure|hypertension ~
  low blood pressure|hypotension ~ migraine ~ anemia|anaemia ~ malaria ~ arthritis ~ strep throat ~ eczema ~ gout ~
  COVID-19|COVID ~ depression ~ a heart attack ~ a stroke ~ appendicitis ~ dehydration ~ food poisoning ~ a concussion
drug = ibuprofen ~ aspirin ~ paracetamol|acetaminophen ~ amoxicillin ~ metformin ~ antibiotics ~ antihistamines ~
  insulin ~ melatonin ~ statins ~ vitamin D ~ vitamin C ~ iron supplements|iron tablets ~ antidepressants ~ warfarin
food = chicken ~ salmon ~ rice ~ pasta ~ eggs ~ beef ~ pork ~ lentils ~ potatoes ~ quinoa ~ shrimp|prawns ~ tofu ~
  broccoli ~ turkey ~ bread ~ chickpeas|garbanzo beans ~ oatmeal ~ eggplant|aubergine ~ zucchini|courgette ~ milk ~
  cheese ~ yogurt ~ butter ~ mushrooms ~ spinach ~ beans ~ corn ~ lamb ~ tuna
animal = dogs ~ cats ~ horses ~ rabbits|bunnies ~ elephants ~ penguins ~ bees ~ sharks ~ whales ~ owls ~ bats ~ ants ~
  wolves ~ tigers ~ lions ~ dolphins ~ turtles ~ frogs ~ spiders ~ cows ~ chickens ~ goats ~ bears ~ snakes
plant = tomatoes ~ roses ~ basil ~ orchids ~ strawberries ~ carrots ~ lavender ~ garlic ~ succulents ~ blueberries ~
  potatoes ~ tulips ~ mint ~ sunflowers ~ lettuce ~ peppers ~ cucumbers ~ aloe vera ~ ferns
element = iron ~ gold ~ silver ~ copper ~ mercury ~ lead ~ zinc ~ tin ~ sodium ~ potassium ~ helium ~ carbon ~ oxygen ~
  nitrogen ~ aluminum|aluminium ~ titanium ~ water ~ ethanol ~ nickel ~ sulfur|sulphur
planet = Mercury ~ Venus ~ Mars ~ Jupiter ~ Saturn ~ Uranus ~ Neptune ~ Earth|the Earth ~ the Moon ~ Pluto ~ the Sun
person = Marie Curie ~ Isaac Newton|Newton ~ Albert Einstein|Einstein ~ Napoleon|Napoleon Bonaparte ~ Mozart ~
  Beethoven ~ Shakespeare|William Shakespeare ~ Abraham Lincoln|Lincoln ~ George Washington ~ Charles Darwin|Darwin ~
  Nelson Mandela|Mandela ~ Gandhi|Mahatma Gandhi ~ Cleopatra ~ Leonardo da Vinci|da Vinci ~ Picasso ~ Galileo ~ Tesla
concept = inflation ~ deflation ~ recession ~ photosynthesis ~ osmosis ~ gravity ~ entropy ~ compound interest ~
  machine learning|ML ~ a blockchain ~ an API ~ a VPN|a virtual private network ~ a mortgage ~ a 401k|a 401(k) ~
  GDP|gross domestic product ~ APR|annual percentage rate ~ quantum computing ~ recursion ~ polymorphism ~
  artificial intelligence|AI ~ mitosis ~ meiosis ~ a black hole ~ supply and demand ~ an ETF ~ a mutual fund ~
  escrow ~ amortization ~ a deductible ~ a copay ~ a SQL index ~ a REST API ~ a hash table ~ a linked list ~
  a binary tree ~ containerization ~ DNS|the domain name system ~ plate tectonics ~ natural selection ~ a stock ~ a bond
relative = my son ~ my daughter ~ my wife ~ my husband ~ my mother|my mom|my mum ~ my father|my dad ~ my parents ~
  my brother ~ my sister ~ my roommate|my flatmate ~ my landlord ~ my employer ~ my employee ~ my neighbor|my neighbour
form = a tax return ~ a visa application ~ an insurance claim ~ a job application ~ a loan application ~
  a complaint ~ an appeal ~ a refund request ~ an expense report ~ a police report ~ a change of address
"""


def text(slots: str) -> dict[str, str]:
    """The lines of `slots` by name; a line that begins with a space continues the one before."""
    found: dict[str, str] = {}
    name = ""
    for line in slots.strip().splitlines():
        head, sign, rest = line.partition(" = ")
        if sign and head.isidentifier():
            name = head
            found[name] = rest.strip()
        else:
            found[name] += " " + line.strip()
    return found
