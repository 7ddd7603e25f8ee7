"""Questions reworded as a whole, so that few words stay. Notation of `training.verifier.grammar`."""

TURNS = """
x = milk ~ yogurt ~ cream ~ orange juice ~ cottage cheese ~ soup
Is {x} still usable after being left out all day?
Can I still (drink|use|have) {x} that sat on the counter for a day?
I forgot the {x} on the table the whole day. Is it still good?
Would it be safe to consume {x} that was out of the fridge all day?
--
How do I use up (leftover|remaining) {x}?
What can I do with {x} that's left over?
I have too much {x}. How can I use it?
--
Can I freeze {x} (for later|to keep it longer)?
Does {x} keep in the freezer?
--
How is {x} (made|produced)?
What goes into making {x}?
By what process is {x} (made|produced|manufactured)?

x = my neighbor|my neighbour ~ my coworker|my colleague ~ my boss|my manager ~ my sister ~ my roommate|my flatmate ~
  my teacher
(How should I|What's the best way to) tell {x} that I'm (upset|angry|annoyed)?
How can I let {x} know I'm (upset|angry|annoyed)?
I'm (upset|angry|annoyed) with {x}. How do I bring it up?
--
How do I calm {x} down when (he or she is|they are) angry?
What can I do when {x} is (angry|mad|furious)?
--
Why is {x} always (angry|mad|annoyed) (at|with) me?
What makes {x} angry with me all the time?
--
How do I apologize to {x}?
What's a good way to say sorry to {x}?
I want to make up with {x}. How?
--
How do I stop {x} from (gossiping|talking) about me?
{x} keeps (gossiping|talking) about me. How do I make it stop?
--
What's a good (present|gift) for {x}?
What (should|could) I (give|buy) {x} for (a|the|their) birthday?
Any ideas for a birthday (present|gift) for {x}?
--
How do I ask {x} for a favor?
What's a polite way of asking {x} to do something for me?
--
How do I turn down {x}'s invitation?
How can I politely decline an invitation from {x}?
What do I say when {x} invites me and I don't want to go?

x = salary ~ vacation ~ workload ~ start date ~ job title ~ remote work
How do I bring up {x} in (an|a job) interview?
What's a good way of raising {x} when I'm interviewed?
When interviewing, how should one talk about {x}?
--
When should I bring up {x} in the hiring process?
At what stage of hiring is it best to talk about {x}?
--
Can I negotiate {x} after accepting an offer?
Is it still possible to negotiate {x} once I have accepted the job?
I've accepted the offer. Is {x} still negotiable?
--
Should I mention {x} in my cover letter?
Does {x} belong in a cover letter?
--
How do I negotiate {x} with my current employer?
I'd like to talk about {x} with my present boss. How do I go about it?

x = bed bugs ~ termites ~ cockroaches|roaches ~ fleas ~ fruit flies ~ pantry moths ~ rats ~ wasps
How did I get {x} in my (home|house)?
Where do {x} come from?
What brings {x} into a (home|house)?
--
What's the (quickest|fastest) way to get rid of {x}?
How can I kill {x} (fast|quickly)?
How do I (eliminate|exterminate|get rid of) {x} as fast as possible?
--
How can I tell if I have {x}?
What are the (signs|indications) of {x} in the house?
What does an infestation of {x} look like?
--
Does insurance (pay|cover) (for|damage by|damage from) {x}?
Will my (home|) insurance cover {x}?
Are {x} covered by insurance?
--
Do {x} bite?
Can {x} bite (people|humans|me)?
Are there bites from {x}?
--
Do I have to tell my landlord about {x}?
Must I inform the landlord if I have {x}?
--
Who has to pay for {x} removal, (me|the tenant) or the landlord?
Is it the landlord or (me|the tenant) who pays for removing {x}?

x = coffee ~ tea ~ red wine ~ beer ~ energy drinks ~ soda|soft drinks ~ fruit juice
Does {x} stain (your|) teeth?
Do teeth get discolored (from|by) {x}?
Will my teeth turn yellow from {x}?
Can drinking {x} discolor your teeth?
--
Is {x} bad for (your|the) teeth enamel?
Does {x} erode (tooth enamel|the enamel)?
--
How much {x} is too much?
What's the most {x} I should (drink|have) in a day?
What's the (daily|) limit for {x}?
--
Does {x} dehydrate (you|the body)?
Will drinking {x} make me dehydrated?
--
Can {x} keep me awake (at night|)?
Does {x} make it hard to (sleep|fall asleep)?
Will I have trouble sleeping if I drink {x}?
--
How long does {x} stay in (your|the) system?
How much time does the body need to get rid of {x}?
When is {x} out of my body?
--
Is {x} good for (your|the) heart?
Does {x} have (health benefits|benefits) for the heart?

x = paint ~ wallpaper ~ tile|tiles ~ carpet ~ drywall|plasterboard ~ concrete
How much {x} do I need for a (room|bedroom)?
What (amount|quantity) of {x} does a (room|bedroom) (take|require)?
How do I (figure out|calculate|work out) how much {x} a room needs?
--
How long does {x} take to dry?
When is {x} (fully|completely) dry?
What's the drying time of {x}?
--
What does it cost to put {x} in a room?
How much would {x} for a room (cost|set me back)?
--
How do I get {x} off (a wall|the floor)?
What's the way to remove {x}?
What takes {x} off?
--
Can {x} be put over (old|existing) {x}?
Is it (ok|possible) to put {x} on top of (old|existing) {x}?
--
Can I put on {x} myself?
Is {x} something (I can do on my own|one can do without a professional)?
Do I need a professional for {x}?

x = a 10% raise|a raise of 10% ~ a bonus ~ an unpaid internship ~ a demotion ~ a layoff ~ early retirement
How does {x} affect my (taxes|tax)?
What does {x} mean for my (taxes|tax return)?
Will my taxes change because of {x}?
--
How does {x} affect my pension?
What does {x} mean for my pension?
Will my pension change because of {x}?
--
How do I ask (my boss|) for {x}?
What's the best way of requesting {x}?
--
Can I refuse {x}?
Am I free to (decline|turn down) {x}?
Do I have the right to say no to {x}?
--
Can my employer force me into {x}?
Is my boss allowed to make me take {x}?

x = the piano ~ the violin ~ Mandarin ~ chess ~ programming ~ drawing ~ surfing ~ ballet
Am I too old to (start|take up) {x}?
Is it too late (for me|in life) to (learn|take up) {x}?
Can (an adult|someone older) still (learn|take up) {x}?
--
How many hours a day should I practice {x}?
How much daily practice does {x} (need|take|require)?
How long should one practice {x} (each|every) day?
--
How long before I'm (good|decent) at {x}?
How much time does it take to get (good|decent) at {x}?
When will I be (good|decent) at {x}?
--
Can I teach myself {x}?
Is it possible to learn {x} (on my own|without a teacher)?
Do I need a teacher for {x}?
--
What does a {x} lesson cost?
How much (are|is|do) {x} lessons (cost|)?
--
Why should (kids|children) learn {x}?
What do (kids|children) gain from {x}?
--
How do I find a (good|) {x} teacher?
Where can I look for someone to teach me {x}?

x = cat ~ dog ~ baby ~ toddler ~ husband ~ horse
Why does my {x} (snore|make noises while sleeping)?
What makes my {x} snore?
What's behind my {x}'s snoring?
--
How do I stop my {x} from snoring?
What can be done about my {x}'s snoring?
--
Why does my {x} (wake up|get up) so early?
What makes my {x} get up at dawn?
--
How do I keep my {x} (warm|cozy) in winter?
What can I do so that my {x} isn't cold in winter?
--
How do I keep my {x} (cool|from overheating) in summer?
What can I do so that my {x} doesn't overheat in summer?
--
Why is my {x} losing weight?
What could be the cause of my {x}'s weight loss?
My {x} is getting thinner. Why?
--
How do I help my {x} lose weight?
My {x} is too (fat|heavy). What can I do?
How do I get weight off my {x}?

x = Bitcoin ~ gold ~ real estate|property ~ tech stocks ~ government bonds|treasuries ~ index funds ~ oil
Is now a good time to (buy|invest in) {x}?
Should I be (buying|investing in) {x} right now?
Is {x} a good investment (now|at the moment|currently)?
--
Is now a good time to (sell|get out of) {x}?
Should I be selling {x} right now?
--
How risky is {x}?
What are the (risks|dangers) of investing in {x}?
Could I lose money with {x}?
--
Why (is|are) {x} (rising|going up)?
What's (pushing|driving) {x} up?
What's the reason for the rise of {x}?
--
Why (is|are) {x} (falling|going down)?
What's (pushing|driving) {x} down?
What's the reason for the fall of {x}?
--
How (is|are) (gains|profits) from {x} taxed?
What tax do I pay on (profits|gains) from {x}?
--
How do I (get started|begin) with {x}?
What's the (first step|way in) for someone new to {x}?
How does a beginner invest in {x}?
--
How much of my (money|portfolio|savings) should be in {x}?
What share of my (money|portfolio) should I put into {x}?

x = the heating|the heat ~ the hot water ~ the elevator|the lift ~ the intercom ~ the air conditioning|the AC ~ the
  washing machine in the basement
{x} in my building (is broken|doesn't work|has stopped working). Who do I call?
Whom (do|should) I contact (when|if) {x} in my building (is broken|breaks down)?
Who is responsible for fixing {x} in my building?
--
{x} in my building is broken. Can I (withhold|reduce|lower) the rent?
May I pay less rent (while|when|if) {x} in my building (doesn't work|is broken)?
Am I entitled to a rent reduction if {x} in my building is out of order?
--
How long can my landlord take to (fix|repair) {x}?
Within what time must the landlord (fix|repair) {x}?
How quickly does {x} have to be repaired by the landlord?
--
{x} in my building is too loud. What can I do?
What can be done about the noise of {x} in my building?
--
Who pays for (repairing|fixing) {x}, the landlord or me?
Do I have to pay for the repair of {x} (myself|as a tenant)?
"""
