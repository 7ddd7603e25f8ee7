"""Words that may stand for each other in a question without changing its answer.

Each group's first word is the one the others are read as. Only close synonyms: whatever is doubtful in one
common context is left out, since a wrong pair serves a wrong answer and a missing one costs a hit.
"""

SAME = """
    buy purchase | begin start commence | end finish | repair fix mend | big large | small little
    quick fast rapid quickly rapidly | cheap inexpensive | difficult hard | easy simple easily
    change modify alter | create make | delete erase | picture photo image photograph | movie film
    car automobile | bike bicycle | phone telephone | cellphone mobile | doctor physician | child kid
    job occupation | salary wage | shop store | holiday vacation | illness sickness | ill sick
    wrong incorrect | correct right | answer reply respond | ask inquire enquire | assist aid
    obtain acquire | show display | choose select pick | permit allow | forbid prohibit | happen occur
    explain clarify | meaning mean definition define | keep retain | reach contact | send transmit
    sufficient enough | rich wealthy | important significant | main primary principal | effect impact
    way manner method technique | cost price | fee charge | invoice bill | refund reimburse reimbursement
    cancel cancellation | activate activation | deactivate deactivation | install installation
    register registration signup | verify verification | confirm confirmation | pay payment
    deliver delivery | subscribe subscription | renew renewal | replace replacement | withdraw withdrawal
    information info | advertisement advert ad | examination exam | laboratory lab | temperature temp
    television tv | refrigerator fridge | airplane plane aeroplane | luggage baggage | apartment flat
    elevator lift | autumn fall | trash garbage rubbish | petrol gasoline | color colour
    favorite favourite | center centre | theater theatre | license licence | organize organise
    optimize optimise | analyze analyse | authorize authorise | recognize recognise
    customize customise | minimize minimise | maximize maximise | program programme | grey gray
    jewelry jewellery | catalog catalogue | dialog dialogue | website webpage | login signin | logout signout
    identification id | repository repo | configure config configuration | database db
    documentation docs | javascript js | typescript ts | kubernetes k8s | directory folder
    password pwd | username userid | enroll enrol | bug defect | developer programmer | parameter param
    environment env | administrator admin | specification spec | reboot restart
    population inhabitants | author writer | invent invention | ocean sea | forest woods
    attorney lawyer | medicine medication | vaccine vaccination | stomach tummy
    yearly annual annually | maximum max | minimum min | approximately roughly | immediately instantly
    likely probable | nearest closest | latest newest | safe secure | dangerous hazardous | legal lawful
    illegal unlawful | lost misplaced | customer client | staff personnel | company firm
    colleague coworker coworkers | speak talk | require requirement | recommend suggest recommendation suggestion
    advise advice | improve enhance | increase raise | decrease reduce lower | find locate
    disappear vanish | terminate termination | procedure process | reason cause | differ difference
    compare comparison | calculate compute calculation | convert conversion | estimate estimation
    translate translation | summarize summarise summary | example instance
    advantage benefit pro upside | disadvantage drawback con downside
"""
