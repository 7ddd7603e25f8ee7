"""Words that may stand for each other in most questions, and words that must not."""

SAME = """
buy:purchase | start:begin | need:require | help:assist | fix:repair | choose:pick | choose:select | get:obtain |
get:receive | change:modify | change:alter | delete:erase | create:make | show:display | end:finish | allow:permit |
cheap:inexpensive | big:large | fast:quick | quickly:rapidly | quickly:fast | difficult:hard | easy:simple |
doctor:physician | kids:children | movie:film | car:automobile | phone:telephone | picture:photo | email:e-mail |
store:shop | holiday:vacation | apartment:flat | lawyer:attorney | medicine:medication | information:info |
approximately:roughly | monthly:every month | annually:every year | yearly:annually | weekly:every week | daily:every
day | maximum:max | minimum:min | immediately:right away | immediately:at once | currently:right now | currently:at
the moment | often:frequently | usually:normally | usually:typically | main:primary | main:principal | error:mistake |
problem:issue | trip:journey | company:firm | company:business | employees:staff | employees:workers | price:cost |
fee:charge | salary:pay | customer:client | recommend:suggest | explain:clarify | increase:raise | decrease:reduce |
reduce:lower | improve:enhance | located:situated | illness:disease | sick:ill | dangerous:hazardous | safe:secure |
necessary:required | required:needed | mandatory:compulsory | forbidden:prohibited | happen:occur | cause:bring about
| reply:answer | reply:respond | contact:get in touch with | contact:reach | cancel:call off | postpone:put off |
tolerate:put up with | discover:find out | investigate:look into | continue:carry on | remove:take out | remove:get
rid of | return:give back | return:send back | complete:fill out | submit:hand in | distribute:hand out | assemble:put
together | establish:set up | raise:bring up | refuse:turn down | reject:turn down | meet:run into | consume:eat |
attempt:try | sufficient:enough | several:multiple | additional:extra | additional:more | entire:whole | website:site
| website:web site | photo:pic | application:app | laptop:notebook | advantages:benefits | disadvantages:drawbacks |
symptoms:signs | methods:ways | method:way | steps:stages | rules:regulations | requirements:conditions | home:house |
kid:child | mom:mother | dad:father | grandma:grandmother | fall:autumn | garbage:trash | trash:rubbish | gas:petrol |
elevator:lift | sidewalk:pavement | cookie:biscuit | pants:trousers | sneakers:trainers | diaper:nappy |
pharmacy:drugstore | truck:lorry | color:colour | license:licence | tire:tyre | check:cheque | center:centre |
organize:organise | canceled:cancelled | traveling:travelling | favorite:favourite | wi-fi:wifi | online:on the
internet | outdoors:outside | indoors:inside | nearby:close by | nearest:closest | begin:commence | finish:complete |
gather:collect | construct:build | demonstrate:show | inform:tell | inquire:ask | observe:watch | permit:let |
verify:confirm | locate:find | depart:leave | assist:help out | utilize:use | use:employ
"""
# A pair of these is not the same thing: "remove|add" turns a question round.
OPPOSED = """
enable:disable | increase:decrease | open:close | add:remove | accept:reject | include:exclude | allow:ban |
send:receive | buy:sell | lend:borrow | import:export | upload:download | lock:unlock | start:stop | arrive:depart |
win:lose | before:after | with:without | above:below | inside:outside | first:last | minimum:maximum | best:worst |
cheapest:priciest | largest:smallest | highest:lowest | oldest:newest | longest:shortest | fastest:slowest |
most:least | more:less | always:never | all:some | every:no | many:few | early:late | hot:cold | old:new |
public:private | internal:external | domestic:international | legal:illegal | safe:unsafe | possible:impossible |
visible:invisible | paid:unpaid | used:unused | married:unmarried | healthy:unhealthy | common:uncommon |
reversible:irreversible | regular:irregular | likely:unlikely | able:unable | necessary:unnecessary | helpful:harmful
| advantages:disadvantages | benefits:risks | employer:employee | buyer:seller | landlord:tenant | teacher:student |
parent:child | doctor:patient | sender:recipient | mother:father | brother:sister | husband:wife | son:daughter |
men:women | boys:girls | left:right | north:south | east:west | morning:evening | day:night | summer:winter |
today:tomorrow | yesterday:today | weekday:weekend | weekly:monthly | monthly:yearly | daily:weekly | hours:days |
days:weeks | weeks:months | minutes:hours | miles:kilometers | pounds:kilograms | Celsius:Fahrenheit | dollars:euros |
is:was | who:when | where:when | how:why | when:where | he:she | his:her | we:they | over:under | and:or | only:also |
avoid:cause | prevent:cause | stop:start | keep:lose | save:spend | gain:lose | refuse:accept | quit:join |
forget:remember | ignore:follow | approve:deny | deposit:withdraw | credit:debit | hire:fire | pass:fail |
attack:defend | freeze:thaw | raise:lower | install:uninstall | connect:disconnect | follow:unfollow |
subscribe:unsubscribe | appear:disappear | agree:disagree | encrypt:decrypt | compress:decompress | mount:unmount |
qualify:disqualify | input:output | client:server | frontend:backend | hardware:software | vegetarian:meat |
sweet:sour | raw:cooked | fresh:frozen | liquid:solid | acute:chronic | benign:malignant | systolic:diastolic |
fixed:variable | gross:net | temporary:permanent | part-time:full-time | optional:mandatory | manual:automatic |
single:joint | individual:group | adult:child
"""
# Words that narrow what they stand before.
NARROWING = """
joint | business | personal | student | senior | international | domestic | foreign | local | national | federal |
online | mobile | desktop | electric | digital | used | new | old | second | first | last | next | previous | spare |
broken | stolen | lost | expired | damaged | temporary | permanent | part-time | full-time | free | paid | premium |
basic | annual | monthly | weekly | private | public | corporate | commercial | residential | rental | medical |
dental | legal | military | foreign-language | vegan | vegetarian | gluten-free | sugar-free | organic | frozen | raw
| homemade | small | large | cheap | expensive | luxury | pregnant | diabetic | elderly | adult | female | male |
young | deceased | former | current | primary | secondary | backup | shared | unpaid | unused | unopened | refurbished
| wireless | Bluetooth | wired | external | internal | hidden | deleted | encrypted | read-only | nested | empty |
sorted | remote | offline | minimum | maximum | average | total | gross | net | estimated | late | early | overdue |
partial | full | joint savings | child's | company's | emergency | winter | summer | weekend | overnight | same-day |
two-factor | fixed-rate | variable-rate | secured | unsecured
"""
SCOPES = """
for children | for adults | in winter | in Europe | in the US | under 18 | over 65 | on weekends | at night | after
surgery | while pregnant | without insurance | with insurance | without a license | for a business | for a friend | as
a foreigner | if I'm unemployed | if I'm self-employed | if it's raining | if it's expired | when traveling | by
myself | with kids | on a budget | for the second time | more than once | without telling anyone | without my parents
| in an emergency | after midnight | before noon | on an old computer | on Linux | on Windows | in Excel | with Python
| by car | by train | on foot | by plane | for one day | for a year | last year | next month | during a recession | as
a minor | with a broken leg | in the microwave | in the oven | on the stove | in a slow cooker | for diabetics | for
vegetarians | at high altitude | at sea level | underwater | in space | in the rain | in the dark | with only one hand
| using a VPN | with a debit card | from a joint account | in the past | in the future | according to the law |
without an agent | against my will | instead
"""
