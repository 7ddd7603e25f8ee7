"""Contrast sets, written one by one apart from all that the verifier is trained on: no list, template or edit shared.

A block: lines with `=` ask the same; each line with `!` asks something else than they do. `name: a, b, c` are fillers
for {name}; a filler is the same throughout a block, `{name}` against `{name'}` are different ones.
"""

CONTRASTS = """
thing: kettle, blender, vacuum cleaner, space heater, coffee maker
= Is it OK to leave my {thing} plugged in overnight?
= Can I keep the {thing} plugged in all night?
= Would leaving a {thing} plugged in through the night be a problem?
= Is there any harm in having my {thing} stay plugged in overnight?
! Is it OK to leave my {thing} running overnight?
! Is it OK to leave my {thing} unplugged overnight?
! Is it OK to leave my {thing'} plugged in overnight?
! Can I keep the {thing} plugged in outdoors?
! Would it be a problem to unplug the {thing} during the night?

place: Lake Como, the Algarve, Bali, Patagonia, the Scottish Highlands
= How many days should I plan for a trip to {place}?
= What's a good length for a visit to {place}?
= How long do I need to see {place} properly?
= How much time should one set aside for {place}?
! How many days ahead should I book a trip to {place}?
! How many days should I plan for a trip to {place'}?
! How much money should one set aside for {place}?
! What's a good month for a visit to {place}?
! How long does it take to get to {place}?

pet: hamster, guinea pig, parakeet, goldfish, gecko
= My {pet} has stopped eating, what could be wrong?
= Why won't my {pet} eat anymore?
= What might be the cause of my {pet} refusing its food?
= I've noticed that my {pet} no longer eats. What's going on?
! My {pet} won't stop eating, what could be wrong?
! My {pet} has stopped drinking, what could be wrong?
! Why won't my {pet'} eat anymore?
! What should I feed my {pet}?
! Why does my {pet} eat its bedding?

club: book club, chess club, running group, choir, debate society
= How can I found a {club} in my neighborhood?
= I'd like to get a {club} going where I live. How do I begin?
= What do I need to do to launch a local {club}?
= Tips for starting up a {club} in my area?
! How can I find a {club} in my neighborhood?
! How do I leave the {club} in my neighborhood?
! How can I found a {club'} in my neighborhood?
! How can I found a {club} at my school?
! Who founded the {club} in my neighborhood?

file: spreadsheet, slide deck, draft, mockup, shared folder
= Who last edited this {file}?
= By whom was this {file} most recently changed?
= Which person made the latest edit to this {file}?
= Can you tell who was the last one to edit the {file}?
! Who first edited this {file}?
! When was this {file} last edited?
! Who can edit this {file}?
! Who last viewed this {file}?
! Who last edited this {file'}?

bird: robin, stork, flamingo, hummingbird, puffin
= Where do {bird}s spend the winter?
= In what regions can {bird}s be found during the cold season?
= What's the wintering ground of the {bird}?
= Where does the {bird} go for winter?
! Where do {bird}s spend the summer?
! Where do {bird'}s spend the winter?
! How do {bird}s survive the winter?
! When do {bird}s leave for the winter?
! Do {bird}s stay here all winter?

sport: squash, rowing, judo, fencing, snowboarding
= Is {sport} hard on the knees?
= Does {sport} put a lot of strain on your knees?
= Will doing {sport} be tough on my knees?
= Are knees heavily stressed by {sport}?
! Is {sport} hard on the back?
! Is {sport} hard to learn?
! Is {sport'} hard on the knees?
! Is {sport} good for the knees?
! Should I wear knee pads for {sport}?

dish: ramen, paella, goulash, pad thai, moussaka
= Which country does {dish} come from?
= What's the country of origin of {dish}?
= Where was {dish} originally invented?
= {dish} originates from where?
! Which countries eat {dish}?
! Which country does {dish'} come from?
! What does {dish} contain?
! When was {dish} originally invented?
! What's the name of {dish} in its country of origin?

months: 3, 6, 9, 18, 30
= Can I withdraw my deposit within {months} months?
= Am I able to take my deposit out inside of {months} months?
= Is it possible to get the deposit back in under {months} months?
! Can I withdraw my deposit after {months} months?
! Can I withdraw my deposit within {months'} months?
! Can I withdraw my deposit within {months} weeks?
! Can I increase my deposit within {months} months?
! Do I have to withdraw my deposit within {months} months?

lang: Haskell, Elixir, Scala, Perl, Lua
= What's the idiomatic way to check for an empty string in {lang}?
= How do {lang} programmers usually test whether a string is empty?
= In {lang}, how should I find out if a string is empty?
= Best practice for checking a string for emptiness in {lang}?
! What's the idiomatic way to create an empty string in {lang}?
! How do {lang} programmers usually test whether a list is empty?
! In {lang'}, how should I find out if a string is empty?
! Best practice for trimming a string in {lang}?
! Why is an empty string true in {lang}?

tree: oak, birch, maple, willow, cypress
= How tall does a {tree} grow?
= What height can a {tree} reach?
= What's the maximum height of a {tree}?
= Up to how many meters high can a {tree} get?
! How fast does a {tree} grow?
! How wide does a {tree} grow?
! How tall does a {tree'} grow?
! What age can a {tree} reach?
! What's the minimum height of a {tree}?

fabric: linen, cashmere, velvet, denim, suede
= Can I tumble dry {fabric}?
= Is {fabric} OK to put in the dryer?
= Will {fabric} survive the tumble dryer?
= Does {fabric} tolerate machine drying?
! Can I machine wash {fabric}?
! Can I tumble dry {fabric'}?
! Can I dry clean {fabric}?
! How long does it take to tumble dry {fabric}?
! Is {fabric} OK to put in the freezer?

school: kindergarten, middle school, boarding school, art school, law school
= At what age do kids start {school}?
= How old are children when they begin {school}?
= When, in terms of age, does a child enter {school}?
! At what age do kids finish {school}?
! At what age do kids start {school'}?
! How long do kids attend {school}?
! At what hour do kids start {school}?
! Do all kids have to attend {school}?

comp: a brewery, a bakery, a daycare, a food truck, a hair salon
= What licenses do I need to run {comp}?
= Which permits are required for operating {comp}?
= I want to operate {comp}; which licences must I have?
= To run {comp}, what permits are necessary?
! What licenses do I need to run {comp'}?
! How much do the licenses for {comp} cost?
! What insurance do I need to run {comp}?
! What licenses do I not need to run {comp}?
! Where do I get the licenses for {comp}?

inst: cello, clarinet, ukulele, harp, trombone
= How often does a {inst} need tuning?
= How frequently should one tune a {inst}?
= At what intervals must a {inst} be tuned?
! How often does a {inst} need cleaning?
! How often does a {inst'} need tuning?
! How do I tune a {inst}?
! Who can tune a {inst}?
! How much does it cost to have a {inst} tuned?

body: knee, elbow, hip, wrist, shoulder
= How long is the recovery after {body} surgery?
= After an operation on the {body}, how long until one has recovered?
= What's the typical recovery time following {body} surgery?
= How much time will it take me to heal from a {body} operation?
! How long is the recovery after {body'} surgery?
! How long does {body} surgery take?
! How long is the wait for {body} surgery?
! How long is the recovery without {body} surgery?
! How painful is the recovery after {body} surgery?

star: Sirius, Betelgeuse, Polaris, Vega, Proxima Centauri
= How hot is {star}?
= What's the surface temperature of {star}?
= What temperature does {star} have at its surface?
! How old is {star}?
! How hot is {star'}?
! How bright is {star}?
! What color is {star}?
! How far away is {star}?

metal: brass, bronze, pewter, chrome, stainless steel
= What's the best way of polishing {metal}?
= How do I make {metal} shine again?
= How should I polish {metal}?
! How do I paint {metal}?
! How should I polish {metal'}?
! What is {metal} made of?
! How do I keep {metal} from shining?
! How should I weld {metal}?

exam: GRE, TOEFL, LSAT, GMAT, MCAT
= For how long are {exam} scores valid?
= When do {exam} scores expire?
= How many years does a {exam} result stay valid?
! When do {exam} scores come out?
! For how long are {exam'} scores valid?
! How long does the {exam} last?
! Which universities consider {exam} scores valid?
! What's a good {exam} score?

role: best man, bridesmaid, godparent, pallbearer, wedding officiant
= What is expected of a {role}?
= What does a {role} have to do?
= What are a {role}'s duties?
= Which responsibilities come with being a {role}?
! What should a {role} wear?
! What is expected of a {role'}?
! How do I choose a {role}?
! How do I decline to be a {role}?
! Who can be a {role}?

bill: water heater, furnace, heat pump, solar panel, air conditioner
= How many years will a {bill} last?
= What's the lifespan of a {bill}?
= After how many years does a {bill} have to be replaced?
= What service life can I expect from a {bill}?
! How many years does a {bill} take to pay for itself?
! What's the lifespan of a {bill'}?
! How many hours a day can a {bill} run?
! How much does it cost to replace a {bill}?
! Can a {bill} be repaired?

seat: child seat, booster seat, dog crate, bike rack, roof box
= Does a {seat} fit in a rental car?
= Will I be able to fit a {seat} into a car I rent?
= Can a {seat} be installed in a rental car?
! Do rental cars come with a {seat}?
! Does a {seat'} fit in a rental car?
! Is a {seat} required in a rental car?
! Does a {seat} fit in a sports car?
! What does it cost to add a {seat} to a rental car?

war: the Battle of Hastings, the Battle of Waterloo, the Siege of Vienna, the Battle of Actium, the Battle of Marathon
= Who won {war}?
= Who was victorious in {war}?
= Which side came out the winner of {war}?
= {war} was won by which side?
! Who lost {war}?
! Who won {war'}?
! When was {war}?
! Who fought in {war}?
! Why did they win {war}?

meal: sourdough starter, kimchi, kombucha, cold brew, pesto
= How do I know that my {meal} has gone bad?
= What are the signs that {meal} is spoiled?
= How can you tell if {meal} is off?
= By what can I recognize spoiled {meal}?
! How do I know that my {meal} is ready?
! How can you tell if {meal'} is off?
! What happens if I eat spoiled {meal}?
! How do I keep my {meal} from going bad?
! How fast does {meal} go bad?

kid: toddler, teenager, newborn, six-year-old, ten-year-old
= How many hours of sleep does a {kid} need?
= How long should a {kid} sleep?
= What amount of sleep is right for a {kid}?
= How much sleep ought a {kid} to get?
! How many naps does a {kid} need?
! How long should a {kid'} sleep?
! When should a {kid} go to bed?
! Why does a {kid} need so much sleep?
! How do I get a {kid} to sleep?

net: a subnet mask, a load balancer, a reverse proxy, a content delivery network, a message queue
= What purpose does {net} serve?
= What is {net} good for?
= Why would I use {net}?
= What's the point of having {net}?
! How do I configure {net}?
! What purpose does {net'} serve?
! Which company makes {net}?
! When would I not want {net}?
! How does one secure {net}?
"""
