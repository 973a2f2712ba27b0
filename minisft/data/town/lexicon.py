"""The words that all towns share, English beside Chinese; to add one, write it into its list."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """One meaning in both languages. English countable nouns stand without their article."""

    en: str
    zh: str


@dataclass(frozen=True)
class Thing(Word):
    """An object with a look, and the plain noun for its later mentions."""

    noun: Word


def words(text: str) -> tuple[Word, ...]:
    """The words of a list `english=chinese, english=chinese`."""
    pairs = (entry.split("=") for entry in " ".join(text.split()).split(", "))
    return tuple(Word(en.strip(), zh.strip()) for en, zh in pairs)


def counted(goods: Word) -> Word:
    """Goods that can stand after a number: beer is counted in crates."""
    return Word(f"crates of {goods.en}", goods.zh) if goods.en in MASS else goods


JOBS = words("""
    baker=面包师, butcher=屠夫, carpenter=木匠, clerk=职员, cook=厨师, doctor=医生, driver=司机, gardener=园丁,
    lawyer=律师, nurse=护士, painter=画家, pilot=领航员, plumber=水管工, tailor=裁缝, teacher=教师, fisher=渔民,
    librarian=图书管理员, mechanic=机修工, reporter=记者, sailor=水手, shopkeeper=店员, waiter=服务员,
    engineer=工程师, musician=音乐家, builder=建筑工人, electrician=电工, dentist=牙医, postal worker=邮递员
""")
# Work that any firm has.
POSTS = words("""
    clerk=职员, driver=司机, bookkeeper=会计, night guard=夜班保安, cleaner=清洁工, apprentice=学徒, manager=经理,
    cook=厨师, caretaker=管理员, receptionist=接待员, supervisor=工头, messenger=送信员, cashier=收银员, carpenter=木匠
""")
# Where the people of a trade work, if the town has such a place.
EMPLOYERS = {
    "baker": "bakery",
    "carpenter": "furniture factory",
    "cook": "restaurant",
    "doctor": "hospital",
    "nurse": "hospital",
    "dentist": "hospital",
    "gardener": "nursery",
    "teacher": "school",
    "fisher": "fish market",
    "waiter": "café",
    "librarian": "library",
    "mechanic": "garage",
    "musician": "concert hall",
    "postal worker": "post office",
    "sailor": "ferry company",
    "pilot": "ferry company",
    "painter": "art gallery",
    "driver": "brewery",
}
# What a firm is called, what kind of thing it is, and what it makes or sells.
TRADES = {
    "bakery": words("bread=面包, rolls=小面包, cakes=蛋糕, apple pies=苹果派, biscuits=饼干"),
    "boatyard": words("boats=小船, oars=船桨, sails=船帆, masts=桅杆, anchors=船锚"),
    "bookshop": words("maps=地图, novels=小说, schoolbooks=课本, calendars=日历, postcards=明信片"),
    "brewery": words("beer=啤酒, cider=苹果酒, lemonade=柠檬水, ginger ale=姜汁汽水, cordials=果汁"),
    "dairy": words("milk=牛奶, cheese=奶酪, butter=黄油, yoghurt=酸奶, cream=奶油"),
    "garage": words("tyres=轮胎, engines=发动机, batteries=电池, spare parts=零件, motorcycles=摩托车"),
    "printing works": words("posters=海报, leaflets=传单, tickets=票, invitations=请柬, notebooks=笔记本"),
    "furniture factory": words("chairs=椅子, tables=桌子, benches=长椅, beds=床, cupboards=柜子"),
    "fish market": words("herring=鲱鱼, mackerel=鲭鱼, crabs=螃蟹, mussels=贻贝, smoked eel=熏鳗鱼"),
    "nursery": words("roses=玫瑰, tulips=郁金香, fruit trees=果树, herbs=香草, seedlings=树苗"),
}
# Goods that are not counted one by one.
MASS = (
    "bread", "beer", "cider", "lemonade", "ginger ale", "milk", "cheese", "butter", "yoghurt", "cream", "herring",
    "mackerel", "smoked eel",
)  # fmt: skip
# What Chinese counts goods in, if not in boxes.
MEASURES = {
    goods: measure
    for measure, listing in {
        "个": "小面包 蛋糕 苹果派 船锚 轮胎 零件 柜子", "块": "饼干 电池", "条": "小船 长椅",
        "支": "船桨", "面": "船帆", "根": "桅杆", "张": "地图 明信片 海报 票 请柬 桌子 床",
        "本": "小说 课本 日历 笔记本", "份": "传单", "台": "发动机", "辆": "摩托车", "把": "椅子",
        "只": "螃蟹 贻贝", "瓶": "果汁", "株": "玫瑰 郁金香 香草", "棵": "果树 树苗",
    }.items()
    for goods in listing.split()
}  # fmt: skip
FIRMS = words("""
    bakery=面包店, boatyard=造船厂, bookshop=书店, brewery=啤酒厂, dairy=乳品厂, garage=汽车修理厂,
    printing works=印刷厂, furniture factory=家具厂, fish market=鱼市, nursery=苗圃
""")
HOSTS = words("hotel=旅馆, restaurant=餐馆, café=咖啡馆, guest house=客栈, tea room=茶室")
PUBLIC = words("""
    hospital=医院, school=学校, library=图书馆, museum=博物馆, theatre=剧院, swimming pool=游泳馆, cinema=电影院,
    concert hall=音乐厅, art gallery=美术馆, post office=邮局
""")
# The clubs that play matches, and those that perform.
TEAMS = words("""
    rowing club=划船俱乐部, chess club=象棋俱乐部, football club=足球俱乐部, tennis club=网球俱乐部,
    sailing club=帆船俱乐部
""")
TROUPES = words("choir=合唱团, drama group=话剧社, brass band=铜管乐队")
OBJECTS = words("""
    bicycle=自行车, camera=照相机, watch=手表, violin=小提琴, tent=帐篷, ladder=梯子, guitar=吉他, suitcase=手提箱,
    painting=油画, ring=戒指, laptop=笔记本电脑, motor boat=汽艇, clock=座钟, fur coat=皮大衣, trumpet=小号,
    wallet=钱包, necklace=项链, statue=雕像, rowing boat=划艇, piano=钢琴, telescope=望远镜, sewing machine=缝纫机,
    van=面包车, diary=日记本, lantern=提灯, teapot=茶壶
""")
LOOKS = words("""
    old=旧, new=新, red=红色, green=绿色, blue=蓝色, black=黑色, white=白色, small=小, large=大, silver=银色,
    expensive=昂贵的, broken=坏, valuable=贵重的, brown=棕色, heavy=沉重的, yellow=黄色, rusty=生锈的, borrowed=借来的
""")
PROJECTS = words("""
    car park=停车场, playground=儿童乐园, footbridge=人行桥, cycle path=自行车道, bus station=汽车站,
    skate park=滑板场, sports hall=体育馆, community garden=社区花园, recycling centre=回收中心,
    wind turbine=风力发电机, lighthouse=灯塔, bypass=绕城公路, nursery school=幼儿园, market hall=市场大厅,
    sea wall=海堤, health centre=保健中心
""")
REASONS = words("""
    the noise=噪音, the cost=费用, the traffic=交通, the loss of trees=砍树, the danger to children=对孩子的危险,
    the smell=气味, the lack of parking=停车位不足, the higher taxes=增税, the risk of floods=洪水的风险,
    the shade=采光问题, the loss of the view=景观受损, the dust=灰尘
""")
CAUSES = words("""
    a faulty cable=电线故障, a gas leak=煤气泄漏, a burst pipe=水管破裂, heavy rain=大雨, a storm=暴风雨,
    lightning=雷击, strong winds=大风, a broken pump=水泵损坏, a lack of staff=人手不足, thick fog=大雾, ice=结冰,
    a power cut=停电, a strike=罢工, a broken gearbox=变速箱损坏, a blocked drain=下水道堵塞, low water=水位过低
""")
PARTS = words("""
    roof=屋顶, kitchen=厨房, front door=大门, cellar=地下室, staircase=楼梯, back window=后窗, chimney=烟囱,
    workshop=车间, entrance hall=门厅, store room=仓库, east wing=东翼, heating=暖气
""")
PLAYS = words("""
    The Winter Harbour=《冬日海港》, Three Sisters and a Goat=《三姐妹和山羊》, The Lost Letter=《遗失的信》,
    A House by the River=《河边的房子》, The Miller's Daughter=《磨坊主的女儿》, Storm over the Island=《岛上风暴》,
    The Last Ferry=《末班渡轮》, The Clockmaker=《钟表匠》, Silent Bells=《沉默的钟》, The Orchard Wall=《果园的墙》
""")
SKILLS = words("""
    the violin=小提琴, chess=象棋, swimming=游泳, French=法语, the piano=钢琴, sailing=驾驶帆船, painting=绘画,
    Latin=拉丁语, cooking=烹饪, the drums=打鼓, mathematics=数学, dancing=跳舞
""")
CHORES = words("""
    the harvest=收割, the roof=修屋顶, the move=搬家, the tax return=报税, the garden=打理花园, the homework=做功课,
    the shopping=买东西, the sheep=照看羊群, the nets=补渔网, the wedding cake=做婚礼蛋糕
""")
OCCASIONS = words("""
    the summer fair=夏季集市, the flower show=花展, the harvest supper=丰收晚宴, the boat race=赛船会,
    the public meeting=公众集会, the birthday party=生日聚会, the New Year's dinner=新年晚宴,
    the school play=校园演出, the auction=拍卖会, the charity run=慈善跑, the book fair=书展,
    the carol concert=颂歌音乐会
""")
PRIZES = words("""
    the Golden Anchor=金锚奖, the Mayor's Medal=市长奖章, the Silver Oar=银桨奖, the Harbour Prize=海港奖,
    the Blue Ribbon=蓝丝带奖, the Citizens' Cup=市民杯, the Lantern Award=灯笼奖
""")
SUBJECTS = words("""
    the rent=房租, the fence=篱笆, the dog=狗, the loud music=吵闹的音乐, the will=遗嘱, the debt=债务,
    the parking space=车位, the election=选举, the inheritance=遗产, the apple tree=苹果树, the holiday=假期,
    the bill=账单
""")
FEELINGS = words("""
    happy=高兴, sad=难过, tired=疲惫, proud=自豪, angry=生气, worried=担心, relieved=欣慰, nervous=紧张,
    grateful=感激, disappointed=失望, surprised=惊讶, lonely=孤单
""")
WEATHER = words("""
    cold and bright=晴朗而寒冷, grey and wet=阴沉潮湿, warm and still=温暖无风, windy=刮着大风, foggy=雾蒙蒙的,
    hot and dry=炎热干燥, mild=不冷不热, stormy=风雨交加
""")
SHIPS = words("""
    Silver Gull=银鸥号, Morning Star=晨星号, Lady Anne=安妮夫人号, Sea Swallow=海燕号, Old Harriet=老哈丽特号,
    Northern Light=北极光号, White Dolphin=白海豚号, Island Queen=海岛女王号
""")
ROLES = words("""
    head=主任, director=经理, treasurer=财务主管, secretary=秘书, chair=主席, captain=队长, spokesperson=发言人
""")
LANDMARKS = words("""
    the castle ruins=城堡遗址, the stone bridge=石桥, the old windmill=老风车, the salt works=盐场,
    the lime trees=椴树林, the fish smokehouses=熏鱼作坊, the weekly market=周市集, the white cliffs=白色悬崖,
    the hot spring=温泉, the bell tower=钟楼, the rose gardens=玫瑰园, the lace makers=花边工匠
""")
