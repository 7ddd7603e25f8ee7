"""Questions about the same thing that differ in the relation asked about. Notation of `training.verifier.grammar`."""

RELATIONS = """
x = the school board ~ the town council ~ the works council ~ the exam board ~ the parish council ~ the ethics panel
q = Who chairs|Which person presides over|What's the name of the chair of|Who has the top job on ~ Who sits on|Which
  people make up|Who are the members of ~ How do I get a seat on|What does it take to be chosen for|How could someone
  like me end up on ~ How do I step down from|What's the procedure for resigning from|How can I give up my seat on ~ Who
  can overrule|Who has power over|Whose word counts for more than that of ~ Who picks the members of|By whom are people
  named to|Who decides which people get onto
{q} {x}?
--
(What does {x} decide?|Which matters are up to {x}?|On what questions does {x} have the final say?)

x = the local newspaper ~ the old cinema ~ the vineyard ~ the corner shop ~ the ferry company ~ the riding school
q = Who owns|Who is the owner of|Whose property is|Which person or firm has the title to ~ Who runs|Who manages|Who sees
  to the day-to-day business of ~ Who founded|Who set up|Who first had the idea of starting ~ Who works at|What staff is
  there at|Which people earn their living at ~ Who wants to buy|Who has made an offer for|Which buyers are interested in
  ~ Who supplies|Which firms deliver to|From whom do goods come to
{q} {x}?

x = the outdoor pool ~ the Christmas market ~ the ice rink ~ the beer garden ~ the night market ~ the toboggan run
(When does {x} open for the season?|From what date on is {x} open this year?|What's the season's first day at {x}?)
--
(When does {x} close for the season?|Until what date is {x} open this year?|What's the season's last day at {x}?)
--
(Between what hours is {x} open each day?|During which part of the day can I go to {x}?|Daily hours of {x}?)
--
(How late do they let people into {x}?|When is the last admission to {x}?|By what time must I be at {x} to get in?)

x = deforestation ~ soil erosion ~ acid rain ~ overfishing ~ light pollution ~ urban sprawl ~ water scarcity
(What causes {x}?|What is {x} due to?|How does {x} come about?|What lies behind {x}?)
--
(What does {x} cause?|To what does {x} lead?|What comes of {x}?|What are the consequences of {x}?)
--
(How can {x} be stopped?|What can be done against {x}?|What would put an end to {x}?)
--
(Who suffers most from {x}?|Which people are hit hardest by {x}?|For whom is {x} the greatest burden?)

x = mold|mould ~ dry rot ~ woodworm ~ rising damp ~ limescale ~ rust ~ condensation
q = How do I recognize|By what signs can I tell that I have|What are the telltale marks of ~ How does a house come to
  have|What's the usual reason for|Why do some homes have ~ How do I get rid of|What removes|What's a lasting cure
  for|How does one go about eliminating ~ How do I prevent|How can a home be kept free of|What protects a house against
  ~ What harm is done by|What do I risk by ignoring|How bad is it to live with
{q} {x}?

x = a gym contract ~ a phone contract ~ a broadband contract ~ a storage contract ~ a service contract
(How do I get into {x}?|I'd like to sign up for {x}. How?|What must I do to enter into {x}?)
--
(How do I get out of {x}?|I don't want {x} any more. How do I end it?|What's the way to terminate {x}?)
--
(Can I hand over {x} to someone else?|May another person take {x} off my hands?|Is it possible to pass on {x}?)
--
(Can I take over {x} from someone else?|May I step into {x} another person signed?|Could a friend pass {x} on to me?)

x = car ~ laptop ~ tent ~ trailer ~ camera ~ boat ~ caravan ~ drill
(Should I lend my {x} to a friend?|A friend asks for my {x}. Do I say yes?|Is it wise to let a friend use my {x}?)
--
(Should I borrow a friend's {x}?|A friend offers me a {x}. Do I say yes?|Is it wise to use the {x} of a friend?)
--
(Where can I rent a {x}?|Who hires out {x}s near me?|I need a {x} for just a few days. Where do I get one for a fee?)
--
(Where can I rent out my {x}?|Who would pay to use my {x}?|I want to earn money with my spare {x}. Who might hire it?)

x = a nanny ~ a cleaner ~ a gardener ~ a dog walker ~ a private tutor ~ a wedding photographer ~ a house sitter
(How do I find {x}?|I'm in need of {x}. Where should I look?|Where do people turn when they want to hire {x}?)
--
(How do I find clients as {x}?|I work as {x}. Where do I get customers?|Where should {x} look for work?)
--
(How do I pay {x}?|In what way should I give {x} the money?|What's the usual method of settling up with {x}?)
--
(How do I get paid as {x}?|I work as {x}. In what way will the money reach me?|How does {x} collect fees from clients?)

(What does {country1} export to {country2}?|Which goods does {country2} buy from {country1}?)
(What is shipped to {country2} from {country1}?|What does {country2} import from {country1}?)
--
(What does {country1} import from {country2}?|Which goods does {country2} sell to {country1}?)
(What is shipped from {country2} to {country1}?|What does {country2} export to {country1}?)
--
(How many people from {country1} live in {country2}?|How large is the community from {country1} in {country2}?)
(What number of immigrants in {country2} came from {country1}?)
--
(Did {country1} ever invade {country2}?|Has {country2} ever been invaded by {country1}?)
(Have troops from {country1} ever marched into {country2}?)

x = a bank transfer ~ a card payment ~ a cash withdrawal ~ a mobile top-up ~ a money order ~ a cash deposit
q = What's the maximum for|How high can I go with|Up to what sum is it possible to make ~ What's the minimum for|How low
  can I go with|From what sum on is it possible to make ~ What are the fees for|How much does the bank charge for|What
  will it cost me to make ~ How do I reverse|What can I do to undo|How can I take back
{q} {x}?

x = the airport ~ the beach ~ the stadium ~ the university ~ the harbor|the harbour ~ the old town ~ the fairground
q = When is the first bus to|How early in the day can I take a bus to|When do buses start running to ~ When is the last
  bus to|How late in the day can I still take a bus to|When do buses stop running to ~ When is the first bus back
  from|How early in the day can I take a bus away from|When do buses start coming back from ~ When is the last bus back
  from|How late in the day can I still take a bus away from|When do buses stop coming back from ~ How often is there a
  bus to|At what intervals do buses go to|How many buses an hour run to ~ Where do I catch the bus to|From which stop do
  buses leave for|At what stop do I wait for a bus to
{q} {x}?

x = work permit ~ parking permit ~ residence permit ~ work contract ~ building pass ~ fishing license|fishing licence
(How do I get a temporary {x}?|I need a {x} just for a short while. How?|What's the way to a {x} of limited duration?)
--
(How do I get a permanent {x}?|I need a {x} that never runs out. How?|What's the way to a {x} without an end date?)
--
(How do I make a temporary {x} permanent?|Temporary to permanent {x}: how?|How can my short-term {x} become lasting?)
--
(How long is a temporary {x} valid?|When does a temporary {x} run out?|How much time do I have with a temporary {x}?)

x = a patent ~ a building permit ~ a liquor license|a liquor licence ~ a trademark ~ a mining license ~ a taxi license
q = Who decides on|Which office grants|Which authority issues ~ Who may object to|Who has a right to oppose|Which people
  can raise a protest against ~ Who can apply for|Which people may ask for|Who has a right to seek ~ How do I apply
  for|What's the procedure for getting|What are the steps to obtaining ~ How do I withdraw my application for|How can I
  take back my request for|What do I do if I've changed my mind about applying for ~ How do I appeal a refusal of|What
  can I do after being turned down for|How can I fight it if they won't give me
{q} {x}?

x = crawling ~ babbling ~ teething ~ drooling ~ napping ~ spitting up
(When do babies start {x}?|From what month of life on can I expect {x}?|How early does {x} begin in babies?)
--
(When do babies stop {x}?|Until what month of life can I expect {x}?|By what age is a baby usually done with {x}?)
--
(Should I worry that my baby isn't {x} yet?|My baby shows no sign of {x}. Is that bad?|Is a late start of {x} bad?)
--
(Should I worry that my baby is still {x}?|My baby hasn't stopped {x}. Is that bad?|Is a late end of {x} bad?)

x = the first-aid course ~ the school trip ~ the safety training ~ the team-building day ~ the ski camp
q = Who has to take part in|Which people can't get out of|Who is under an obligation to join ~ Who is allowed to take
  part in|Which people may come along to|Who is free to sign up for ~ Who is excused from|Which people needn't take part
  in|Who is let off ~ Who organizes|Which people make the plans for|Who sees to the arrangements for ~ Who pays
  for|Which people put up the money for|Who bears the cost of ~ Who has signed up for|Which people are coming to|Whose
  names are on the list for
{q} {x}?

x = the room rate ~ the cruise fare ~ the course fee ~ the ticket price ~ the tour price ~ the catering price
(What's included in {x}?|What does {x} cover?|What do I get for {x}?)
--
(What isn't included in {x}?|What will I have to pay on top of {x}?|Which extras does {x} leave out?)
--
(When is {x} due?|By when must I have paid {x}?|What's the payment deadline for {x}?)
--
(How is {x} worked out?|What does {x} depend on?|On what basis do they set {x}?)
--
(Do I get {x} back if I cancel?|Is {x} refunded after a cancellation?|I can't come. Will {x} be paid back to me?)

x = glass ~ paper ~ cement ~ rubber ~ soap ~ plaster ~ steel
(What is {x} made from?|Which raw materials go into {x}?|What do you need in order to produce {x}?)
--
(What is made from {x}?|Into which products does {x} go?|For what goods is {x} the raw material?)
--
(Which country makes most {x}?|Where is {x} mostly produced?|What's the world's number one producer of {x}?)
--
(Which country uses most {x}?|Where is {x} mostly consumed?|What's the world's number one consumer of {x}?)

x = my grandmother|my grandma ~ my uncle ~ my stepfather ~ my great-aunt ~ my godfather ~ my brother-in-law
q = Who inherits from|Who is the heir of|Who will get the estate of ~ Whose heir is|Whose estate will go to|Whose will
  leaves money to ~ Who carries out the will of|Who is the executor for|Who settles the estate of ~ Who can contest the
  will of|Who has a right to challenge the will of|Which people may go to court over the will of
{q} {x}?

x = Bayern Munich ~ Benfica ~ Celtic ~ Porto ~ Galatasaray ~ Sevilla ~ Lyon ~ Ajax
q = Who coaches|Who is the head coach of|Who picks the team at ~ Who captains|Who wears the armband for|What's the name
  of the captain of ~ Which players were signed by|Who was bought by|Who has moved to ~ Which players were sold by|Which
  players were let go by|Who has moved away from ~ Which team plays next against|Who is the coming opponent of|Who has
  the next match with ~ Which team played last against|Who was the latest opponent of|Who had the most recent match with
{q} {x}?

x = Louis XIV ~ Queen Victoria ~ Charlemagne ~ Henry VIII ~ Catherine the Great ~ Peter the Great
q = Who ruled before|Who was the predecessor of|Whose successor was|Who wore the crown ahead of ~ Who ruled after|Who
  was the successor of|Whose predecessor was|Who came to the throne next after ~ Who were the parents of|Whose child
  was|Who was the father and who the mother of ~ Who were the children of|Which sons and daughters were born to|What
  offspring came from ~ Who advised|Which ministers served under|Who were the counselors of ~ Which rulers fought
  against|Which rulers were enemies of|Who went to war with
{q} {x}?

x = a wok ~ a pizza stone ~ a cast-iron pan ~ a clay pot ~ a waffle iron ~ a Dutch oven ~ a steamer basket
(How do I prepare {x} for its first use?|What do I do with {x} that's brand new?|I just bought {x}. What do I do first?)
--
(What do I do with {x} after each use?|How is {x} cleaned?|I just cooked with {x}. How do I take care of it now?)
--
(For which food do I use {x}?|What kind of meal is {x} meant for?|Which dishes come out well with {x}?)
--
(For which food shouldn't I use {x}?|What kind of meal is {x} not meant for?|Which dishes go wrong with {x}?)

x = the cruise control ~ the fog lights ~ the child lock ~ the seat heating ~ the lane assist ~ the hazard lights
q = How do I switch on|What do I press to activate|What's the way to turn on ~ How do I switch off|What do I press to
  deactivate|What's the way to turn off ~ Why can't I switch on|What keeps me from activating|I press the button in
  vain: why won't my car turn on ~ Why can't I switch off|What keeps me from deactivating|I press the button in vain:
  why won't my car turn off ~ When should I use|In which situations do drivers need|What's the right moment for ~ When
  shouldn't I use|In which situations must drivers do without|What's the wrong moment for
{q} {x}?

x = the car ~ the garage ~ the apartment|the flat ~ the office ~ the shed ~ the hotel room
(I'm locked out of {x}. What do I do?|How do I get into {x} without a key?|The key is in {x} and I'm outside. What now?)
--
(I'm locked in {x}. What do I do?|How do I get out of {x} if the door won't open?|I'm stuck inside {x}. What now?)
--
(How do I get another key for {x}?|Where can I have the key to {x} copied?|Who makes a second key for {x}?)
--
(Who has a key to {x}?|Whose keys fit the lock of {x}?|Which people can let themselves into {x}?)

x = Swan Lake ~ Carmen ~ The Magic Flute ~ The Four Seasons ~ Rhapsody in Blue ~ The Rite of Spring
q = Who composed|Whose work is|Who wrote the music of ~ Who commissioned|Who ordered and paid for|At whose request did
  the composer write ~ What inspired|Where did the composer find the idea for|What was the model for ~ What was inspired
  by|Which later pieces owe something to|What has been modeled on ~ Where was the premiere of|In what place did an
  audience first hear|Which stage saw the first performance of
{q} {x}?

x = a new law ~ the national budget ~ a tax cut ~ a trade treaty ~ an amendment to the constitution
q = Who can propose|Who has the right to put forward|Who is allowed to come up with ~ Who can block|Who has a veto
  over|In whose power is it to stop ~ Who votes on|Who takes part in the vote on|Who casts votes on ~ Who gains from|Who
  is better off with|Which people have something to win by ~ Who loses by|Who is worse off with|Which people have
  something to fear from
{q} {x}?

x = hail damage ~ a burst pipe ~ a break-in ~ a dog bite ~ a kitchen fire ~ a fallen tree ~ a hit-and-run
q = Whom do I notify of|To whom do I report|Who has to be told about ~ What's the deadline for reporting|How soon do I
  have to report|Within how many days must I give notice of ~ Which insurance pays for|What kind of policy covers|Under
  what insurance do I claim for ~ What proof must I have of|Which evidence does the insurer want of|How do I document ~
  How much will I be paid for|What sum does the insurer pay out for|How high is the compensation for
{q} {x}?

x = blood ~ platelets ~ bone marrow ~ stem cells ~ a kidney ~ part of the liver
q = Who can donate|Who is fit to give|What are the conditions for donating ~ Who mustn't donate|What rules a person out
  from giving|For whom is it not possible to donate ~ Where do I sign up to donate|Where do I put my name down to
  give|Which office registers people who wish to donate ~ Where do I sign up to receive|Which waiting list do I join if
  I need|Where can a patient register for getting ~ What are the risks of donating|What can go wrong when I give|How
  dangerous is it for me to donate ~ What are the risks of receiving|What can go wrong when I get|How dangerous is it
  for me to receive
{q} {x}?

x = biology ~ geography ~ Latin ~ economics ~ physics ~ drama ~ chemistry
q = Who teaches|Which of the teachers gives lessons in|Whose job at school is it to teach ~ Who takes|Which students
  have chosen|Who are the students in the class for ~ Who sets the exam in|Who thinks up the exam questions for|Which
  person writes the test paper for ~ Who marks the exam in|Who corrects the exam papers in|Who gives out the exam grades
  in ~ Who is best at|Which student has the top grades in|Who is first in the class in
{q} {x}?

x = the intern ~ the new hire ~ the sales rep ~ the receptionist ~ the site manager ~ the head nurse ~ the trainee chef
q = Who is the boss of|Whose orders are followed by|Who is directly above|Who gives instructions to ~ Whose boss is|Who
  follows the orders of|Who is directly below|Who gets instructions from ~ Who fills in for|Who is the stand-in for|Who
  does the work in the absence of ~ Whose stand-in is|Whose work is covered by|In whose absence is the work done by ~
  Who had the job before|Whose successor is|Who was replaced by ~ Who will have the job after|Who is meant to
  replace|Who is going to be the successor of ~ Who trained|Who taught the job to|Who did the training of ~ Who was
  trained by|Who learned the job from|Who was taught by
{q} {x}?

x = this package ~ this library ~ this plugin ~ this service ~ this module ~ this driver
(What does {x} depend on?|What must be installed for {x} to run?|Which other software does {x} need?)
--
(What depends on {x}?|What stops working if {x} is removed?|Which other software needs {x}?)
--
(What does {x} replace?|For which older software was {x} brought in?|What did people use before {x} came out?)
--
(What replaces {x}?|What should people use now that {x} is obsolete?|Which newer software was brought in for {x}?)

x = Salesforce ~ MySQL ~ MongoDB ~ Jira ~ QuickBooks ~ WordPress ~ SAP
q = How do I import data into|What's the way to load a file into|How can what's in a spreadsheet be put into ~ How do I
  export data from|What's the way to save to a file what's in|How can I get a spreadsheet out of ~ How do we switch over
  to|What are the steps for moving from another system to|How should a company introduce ~ How do we switch away
  from|What are the steps for moving to another system from|How should a company phase out
{q} {x}?

x = cabbages ~ pumpkins ~ raspberries ~ leeks ~ radishes ~ runner beans ~ turnips
q = What grows well next to|Which plants are good neighbors for|What can share a bed with ~ What won't grow well next
  to|Which plants are bad neighbors for|What must not share a bed with ~ What do I plant after|Which crop should
  follow|What goes into the bed once I've harvested ~ What do I plant before|Which crop should come ahead of|What should
  have grown in the bed before I put in ~ What eats|Which pests go for|What might nibble at my
{q} {x}?

x = the hostel ~ the guesthouse ~ the holiday cottage ~ the caravan park ~ the mountain hut ~ the motel
(From what time can I check in at {x}?|How early may I arrive at {x}?|When will {x} be ready for new guests?)
--
(By what time must I check out of {x}?|How late may I stay on my last day at {x}?|When must guests be gone from {x}?)
--
(Can I leave bags at {x} before check-in?|Does {x} hold the luggage of early guests?|I'm early. Will {x} take my bags?)
--
(Can I leave bags at {x} after check-out?|Does {x} hold the luggage of past guests?|I've moved out. Will {x} keep my
  bags?)

x = a friend ~ my son-in-law ~ my niece ~ an old classmate ~ a colleague|a coworker ~ my grandson
(How do I get {x} to pay me back?|I lent money to {x}. How do I get it back?|What can I do about {x} owing me money?)
--
(How do I pay {x} back?|I borrowed money from {x}. How do I return it?|I owe {x} money. What's the way to settle it?)
--
(How do I ask {x} for a loan?|I'd like to borrow from {x}. How do I bring it up?|How do I get {x} to lend me money?)
--
(How do I refuse {x} a loan?|I'm asked for money by {x}. How do I say no?|How do I get around lending money to {x}?)

x = the noise ~ the barking ~ the overgrown hedge ~ the barbecue smoke ~ the parked cars ~ the late parties
(How do I complain to a neighbor about {x}?|I can't stand {x} next door. How do I tell the neighbor?)
(What's a tactful way to bring up {x} with the people next door?)
--
(A neighbor complained to me about {x}. What do I say?|How do I respond when people next door bring up {x}?)
(The neighbors can't stand {x} at my place. How do I reply to them?)
--
(Where can I report a neighbor over {x}?|Which office deals with {x} next door?)
(To what authority can I turn about {x} at a neighbor's?)
--
(A neighbor reported me over {x}. What happens now?|What comes next after being reported over {x}?)
(The authorities were told about {x} at my place. What should I expect?)

x = a recruiter ~ a journalist ~ a professor ~ a customer ~ a publisher ~ a lawyer
(How do I begin a first email to {x}?|I've never written to {x}. What do I put in?|How do I first contact {x} by email?)
--
(How do I answer an email from {x}?|I got an email from {x}. What do I write back?|What's a good reply to {x}?)
--
(How do I remind {x} to answer my email?|I've had no reply from {x}. What do I write?|How do I follow up with {x}?)
--
(How do I excuse a late reply to {x}?|I forgot to answer {x}. What do I write?|How do I say sorry to {x} for a delay?)

x = Ramadan ~ Lent ~ Hanukkah ~ Carnival ~ Diwali ~ Passover ~ Advent
(When does {x} begin?|On what date does {x} start this year?|What's the first day of {x}?)
--
(When does {x} end?|On what date is {x} over this year?|What's the last day of {x}?)
--
(What do people do before {x}?|How does one get ready for {x}?|What's usual in the days that lead up to {x}?)
--
(What do people do during {x}?|How is {x} spent?|What customs belong to the days of {x}?)

x = old coins ~ rare stamps ~ comic books ~ old postcards ~ antique clocks ~ old toys ~ used records
q = Where can I sell|Who buys|Who would give me money for ~ Where can I buy|Who sells|Which dealers offer ~ Who
  appraises|Where can I find out the value of|Who can tell me the worth of my ~ Where can I give away|Who takes
  donations of|Who would be glad to be given my
{q} {x}?

x = heartburn ~ acne ~ dandruff ~ bloating ~ dry skin ~ leg cramps ~ chapped lips
q = What brings on|What are the causes of|Why do people get ~ What eases|What helps against|How do I treat ~ What
  aggravates|What is bad for someone with|What should I leave alone when I have ~ What can come of|What may follow from
  untreated|Which complications may arise from ~ How do I prevent|What keeps me from getting|How can one stay free of
{q} {x}?

x = the apartment|the flat ~ the house ~ the studio ~ the dorm room ~ the office space ~ the allotment
q = When do I get the keys to|From what day may I use|From when on am I let into ~ When do I return the keys to|Until
  what day may I use|By what day must I have vacated ~ When do I pay the deposit for|By when must the landlord have
  received my deposit on|How early is my deposit due for ~ When do I get back the deposit for|By when must the landlord
  have returned my deposit on|How long may the landlord keep my deposit for
{q} {x}?

x = a small claims case ~ a custody case ~ a divorce case ~ a libel case ~ an eviction case ~ a trespassing case
q = How do I bring|What must I do to start|What are the first steps for filing ~ How do I defend myself in|How should
  the one who is sued act in|What can a defendant do in ~ Who decides|Which court hears|What kind of judge deals with ~
  Who pays for|Which side bears the costs of|Who is left with the bill after ~ How do I call off|How can I withdraw|What
  must I do to drop
{q} {x}?

x = the concert ~ the ceremony ~ the match ~ the play ~ the opera ~ the auction
(What happens before {x}?|What's on the program ahead of {x}?|How do they fill the time until {x} starts?)
--
(What happens after {x}?|What's on the program once {x} is over?|How does the day go on when {x} has ended?)
--
(Can I arrive after {x} has started?|Do they let in latecomers at {x}?|I'll miss the start of {x}. May I still go in?)
--
(Can I leave before {x} is over?|Is it all right to get up and go during {x}?|May I slip out before the end of {x}?)

x = a job offer ~ a university place ~ a marriage proposal ~ an award ~ a scholarship ~ a nomination
(How do I accept {x}?|I want to say yes to {x}. How do I put it?|What do I reply if I'm happy to take {x}?)
--
(How do I decline {x}?|I want to say no to {x}. How do I put it?|What do I reply if I'd rather not take {x}?)
--
(How do I back out of {x} I accepted?|I said yes to {x} and changed my mind. What now?|How do I undo my yes to {x}?)
--
(What can I do if {x} is taken back?|They gave me {x} and changed their mind. What now?|How do I fight losing {x}?)

x = hedgehogs ~ foxes ~ weasels ~ herons ~ toads ~ lizards ~ squid ~ crabs
(What hunts {x}?|Which animals eat {x}?|What are the natural enemies of {x}?|For whom are {x} prey?)
--
(What do {x} hunt?|Which animals do {x} eat?|What is the prey of {x}?|Whose natural enemies are {x}?)
--
(What attracts {x}?|With what can one lure {x}?|What makes {x} come closer?)
--
(What scares off {x}?|With what can one drive away {x}?|What makes {x} keep their distance?)

x = Volvo ~ Lamborghini ~ Ducati ~ Jaguar ~ Burger King ~ Reebok ~ Nokia
q = Which company took over|Who bought|Which firm made a successful bid for ~ Which companies were taken over by|What
  was bought by|Which firms fell into the hands of ~ Who supplies|Which firms deliver to|Who sells goods to ~ Who is
  supplied by|Which firms get deliveries from|Who buys goods from ~ Who sued|Who has taken action in court against|By
  whom was a lawsuit brought against ~ Who was sued by|Who had to go to court because of|Against whom was a lawsuit
  brought by
{q} {x}?
"""
