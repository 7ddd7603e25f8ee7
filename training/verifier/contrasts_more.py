"""More contrast sets; see `training.verifier.contrasts`."""

MORE_CONTRASTS = """
tax: property tax, inheritance tax, gift tax, road tax, luxury tax
= Who has to pay {tax}?
= Which people are liable for {tax}?
= Who is subject to {tax}?
= By whom must {tax} be paid?
! Who is exempt from {tax}?
! Who has to pay {tax'}?
! Who collects {tax}?
! When must {tax} be paid?
! How can one avoid {tax}?

job: barista, lifeguard, tour guide, ski instructor, bartender
= What does a {job} make per hour?
= What's the hourly wage of a {job}?
= How much do {job}s earn an hour?
= What hourly pay can a {job} expect?
! What does a {job} make per month?
! What does a {job'} make per hour?
! How many hours does a {job} work?
! What hours does a {job} work?
! What tips can a {job} expect?

way: the Suez Canal, the Panama Canal, the Channel Tunnel, the Golden Gate Bridge, Route 66
= In which year did {way} open?
= When was {way} opened?
= What year saw the opening of {way}?
= Since which year has {way} been open?
! In which year did the construction of {way} begin?
! In which year did {way'} open?
! How long is {way}?
! When does {way} close?
! Who opened {way}?

mod: a tattoo, a piercing, laser eye surgery, a root canal, a flu shot
= Does getting {mod} hurt?
= Is {mod} painful?
= How painful is it to get {mod}?
= Will it hurt when I get {mod}?
! Does removing {mod} hurt?
! Does getting {mod'} hurt?
! Does getting {mod} take long?
! Is it risky to get {mod}?
! How can I make getting {mod} hurt less?

rule: a helmet, a life jacket, a seat belt, a hard hat, safety goggles
= Is wearing {rule} mandatory?
= Am I obliged to wear {rule}?
= Do I have to wear {rule}?
= Is it required that I wear {rule}?
! Is wearing {rule} recommended?
! Is wearing {rule'} mandatory?
! Is wearing {rule} forbidden?
! When was wearing {rule} made mandatory?
! Does my son have to wear {rule}?

doc: birth certificate, marriage certificate, diploma, death certificate, vaccination record
= I lost my {doc}. How do I get a new copy?
= How can I get a replacement for a lost {doc}?
= What's the procedure when you need a new {doc} because the old one is lost?
= My {doc} is gone; how can I have another one issued?
! I found a {doc}. How do I return it?
! How can I get a replacement for a lost {doc'}?
! How can I get a lost {doc} translated?
! How do I correct a mistake on my {doc}?
! What does it cost to replace a lost {doc}?

host: my cousin, my fiancée, a tenant, a business partner, my ex-husband
= How do I take {host} off the lease?
= How can I remove {host} from the lease?
= What's the way to get {host}'s name off our lease?
! How do I put {host} on the lease?
! How do I take {host'} off the lease?
! How do I take {host} off the insurance?
! Can {host} take me off the lease?
! How do I tell {host} about the lease?

gas: propane, diesel, kerosene, gasoline, natural gas
= Is {gas} heavier than air?
= Does {gas} weigh more than air?
= Is air lighter than {gas}?
! Is {gas} lighter than air?
! Is {gas'} heavier than air?
! Is {gas} heavier than water?
! Is {gas} cheaper than electricity?
! How much heavier than air is {gas}?

name: Alice, Bruno, Chidi, Dana, Emil
= If {name} lends {name'} a bike, who owns it?
= Who is the owner of a bike that {name} lends to {name'}?
= {name} lends a bike to {name'}. To whom does it belong?
! If {name} sells {name'} a bike, who owns it?
! If {name} lends {name'} a bike, who rides it?
! If {name} lends {name'} a car, who owns it?
! If {name'} and {name} share a bike, who owns it?

cause: vinegar, bleach, baking soda, ammonia, lemon juice
= What can I clean with {cause}?
= For cleaning what is {cause} suitable?
= Which things can be cleaned using {cause}?
= What is {cause} able to clean?
! What should I never clean with {cause}?
! What can I clean with {cause'}?
! What can I cook with {cause}?
! What can I clean without {cause}?
! What can I mix with {cause}?

seq: the appetizer, the dessert, the salad, the cheese course, the soup
= Is wine served before {seq}?
= Do you serve the wine ahead of {seq}?
= Does wine come before {seq}?
! Is wine served after {seq}?
! Is wine served before {seq'}?
! Is wine served with {seq}?
! Is water served before {seq}?
! Which wine is served before {seq}?

screen: OLED, LCD, plasma, e-ink, projector
= Do {screen} screens suffer from burn-in?
= Is burn-in a problem with {screen} screens?
= Can an image burn into a {screen} screen?
! Do {screen} screens suffer from glare?
! Do {screen'} screens suffer from burn-in?
! How can I repair burn-in on {screen} screens?
! Why do {screen} screens suffer from burn-in?
! Are {screen} screens free from burn-in?

land: Luxembourg, Bhutan, Paraguay, Namibia, Latvia
= Does {land} have a coastline?
= Is {land} on the sea?
= Does {land} border the sea?
! Does {land} have an army?
! Does {land'} have a coastline?
! How long is the coastline of {land}?
! Is {land} landlocked?
! Which countries does {land} border?

team: the marketing team, the legal department, the night crew, the finance team, the design group
= Who is in charge of {team}?
= Who leads {team}?
= Which person heads {team}?
= Who's the head of {team}?
! Who is on {team}?
! Who is in charge of {team'}?
! What is {team} in charge of?
! Who used to lead {team}?
! Who does {team} report on?

per: 4, 7, 13, 21, 60
= Is {per} hours of parking free here?
= Can I park here {per} hours for free?
= Do I get to park {per} hours here without a charge?
! Is {per'} hours of parking free here?
! Is {per} minutes of parking free here?
! Can I park here {per} hours at most?
! Is {per} hours of parking expensive here?
! Can I charge my car here {per} hours for free?

ex: square roots, logarithms, matrices, fractions, derivatives
= Where do we use {ex} in daily life?
= What are everyday uses of {ex}?
= How are {ex} used in everyday life?
! How do we compute {ex}?
! Where do we use {ex'} in daily life?
! Who invented {ex}?
! Why are {ex} so hard?
! In what grade does one learn {ex}?

sub: the newsletter, the podcast, the weekly digest, the magazine, text alerts
= How do I unsubscribe from {sub}?
= I don't want to get {sub} anymore. How do I opt out?
= How can I stop receiving {sub}?
= Please take me off {sub}
! How do I subscribe to {sub}?
! How do I unsubscribe from {sub'}?
! Why did I stop receiving {sub}?
! How often do you send {sub}?
! I don't get {sub} anymore. How come?

roof: flat roof, chimney, skylight, basement, balcony
= Why does my {roof} leak when it rains?
= What's the reason water comes through the {roof} in the rain?
= Rain is getting in through my {roof}. Why?
! How do I stop my {roof} leaking when it rains?
! Why does my {roof'} leak when it rains?
! Why does my {roof} freeze in winter?
! Who pays when my {roof} leaks?
! Why does my {roof} leak when it isn't raining?

move: castling, en passant, promotion, stalemate, the queen's gambit
= When is {move} allowed in chess?
= Under what conditions may you use {move} in a chess game?
= In chess, when is one permitted to go for {move}?
! When is {move} not allowed in chess?
! When is {move'} allowed in chess?
! When should I go for {move} in chess?
! Who invented {move} in chess?
! When was {move} first allowed in chess?

share: 5, 12, 30, 44, 85
= What percentage is {share} of 200?
= {share} is what percent of 200?
= How many percent of 200 is {share}?
! What is {share} percent of 200?
! What percentage is {share'} of 200?
! What percentage is {share} of 2000?
! What percentage is 200 of {share}?

cond: hay fever, vertigo, sciatica, insomnia, tinnitus
= Is there a natural remedy for {cond}?
= Which home remedies help against {cond}?
= What can I do about {cond} without drugs?
! Which drugs help against {cond}?
! Is there a natural cause of {cond}?
! Which home remedies help against {cond'}?
! Which home remedies make {cond} worse?
! Does {cond} go away on its own?

cur: the zloty, the krona, the forint, the baht, the rand
= Is {cur} getting stronger?
= Has {cur} been gaining value lately?
= Is the value of {cur} going up?
! Is {cur} getting weaker?
! Is {cur'} getting stronger?
! Is {cur} accepted abroad?
! Why is {cur} getting stronger?
! Was {cur} replaced by the euro?

event: the keynote, the workshop, the open day, the gala, the hackathon
= Can I bring a guest to {event}?
= Is it fine if I take someone along to {event}?
= May I come to {event} with a companion?
= Am I allowed a plus-one for {event}?
! Can I be a guest at {event}?
! Can I bring a guest to {event'}?
! Can I bring food to {event}?
! Must I bring a guest to {event}?
! How many guests come to {event}?

cam: tripod, gimbal, drone camera, telescope, spotting scope
= Which {cam} do you recommend to a novice?
= What would be a good {cam} for somebody just starting out?
= Best {cam} for an absolute beginner?
! Which {cam} do you recommend to a professional?
! Which {cam'} do you recommend to a novice?
! Which {cam} is easiest to carry?
! Best lens for a beginner's {cam}?
! Which {cam} would you not recommend to a novice?

page: cover page, bibliography, table of contents, footnote, abstract
= How long may the {page} be?
= What's the maximum length of the {page}?
= Is there an upper limit to how long the {page} can be?
! How long must the {page} be at least?
! How long may the {page'} be?
! What's the right font for the {page}?
! Is the {page} required?
! Why is the {page} so long?

mat: bamboo, cork, laminate, marble, vinyl
= Is {mat} flooring waterproof?
= Can {mat} floors withstand water?
= Does {mat} flooring resist water?
! Is {mat} flooring fireproof?
! Is {mat'} flooring waterproof?
! How do I make {mat} flooring waterproof?
! Is {mat} flooring sensitive to water?
! Is {mat} roofing waterproof?

addr: a PO box, a work address, a hotel, a parcel locker, a neighbor
= Can you deliver to {addr}?
= Do you ship to {addr}?
= Is delivery to {addr} possible?
! Can you pick up from {addr}?
! Can you deliver to {addr'}?
! What does delivery to {addr} cost?
! When do you deliver to {addr}?
! Did you deliver to {addr}?
"""
